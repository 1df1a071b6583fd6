import { loadPrimitives, loadSodium, nodePrimitives, type Primitives } from '@relay/session';

/**
 * Every engine that loads here: first what both programs take, then those that it may be made of.
 */
export async function engines(): Promise<Primitives[]> {
  const sodium = loadSodium();
  const alone = sodium instanceof Error ? [] : [sodium];
  return [await loadPrimitives(), ...alone, nodePrimitives];
}
