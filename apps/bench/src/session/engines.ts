import { loadNative, loadSodium, loadSodiumAndWasm, nodePrimitives, type Primitives } from '@relay/session';

/**
 * Returns every engine that loads here: first the one that both programs use, then what they use
 * where it does not load, then that one's possible parts.
 */
export async function engines(): Promise<Primitives[]> {
  const loaded = [loadNative(), await loadSodiumAndWasm(), loadSodium(), nodePrimitives];
  const byName = new Map<string, Primitives>();
  for (const engine of loaded) if (!(engine instanceof Error)) byName.set(engine.name, engine);
  return [...byName.values()];
}
