import { loadSodium, nodePrimitives, type Primitives } from '@relay/session';

/** Every engine that loads here, the fastest first. */
export function engines(): Primitives[] {
  const sodium = loadSodium();
  return sodium instanceof Error ? [nodePrimitives] : [sodium, nodePrimitives];
}
