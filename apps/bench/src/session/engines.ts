import { loadPrimitives, loadSodium, nodePrimitives, type Primitives } from '@relay/session';

/**
 * Returns every engine that loads here: first the one that both programs use, then its possible
 * parts.
 */
export async function engines(): Promise<Primitives[]> {
  const sodium = loadSodium();
  const alone = sodium instanceof Error ? [] : [sodium];
  return [await loadPrimitives(), ...alone, nodePrimitives];
}
