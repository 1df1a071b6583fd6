import { nodePrimitives } from './node.js';
import type { Primitives } from './primitives.js';
import { loadSodium } from './sodium.js';

const sodium = loadSodium();

/** The fastest engine that loads here. */
export const defaultPrimitives: Primitives = sodium instanceof Error ? nodePrimitives : sodium;
