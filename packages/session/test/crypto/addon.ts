import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The exports of native/addon.c. */
export interface Addon {
  readonly start: (key: Int32Array, nonce: Uint8Array) => AddonAead;
}

interface AddonAead {
  readonly seal: (bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array) => void;
  readonly open: (bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array) => boolean;
  readonly forget: () => void;
}

const require = createRequire(import.meta.url);

/** The path of the addon; undefined where none was built for this system. */
export const addonFile = find();

export function loadAddon(file: string): Addon {
  return require(file) as Addon;
}

function find(): string | undefined {
  const { resolve } = require('node-gyp-build') as { readonly resolve: (folder: string) => string };
  try {
    return resolve(fileURLToPath(new URL('../..', import.meta.url)));
  } catch {
    return undefined;
  }
}
