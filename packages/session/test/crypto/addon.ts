import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The exports of native/addon.c. */
export interface Addon {
  start(key: Int32Array, nonce: Uint8Array): AddonAead;
}

export interface AddonAead {
  seal(bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array): void;
  open(bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array): boolean;
  forget(): void;
}

const require = createRequire(import.meta.url);

/** The path of the addon; undefined where none was built for this system. */
export const addonFile = find();

function find(): string | undefined {
  const { resolve } = require('node-gyp-build') as { resolve(folder: string): string };
  try {
    return resolve(fileURLToPath(new URL('../..', import.meta.url)));
  } catch {
    return undefined;
  }
}

export function loadAddon(file: string): Addon {
  return require(file) as Addon;
}
