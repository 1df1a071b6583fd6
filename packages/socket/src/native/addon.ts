import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SocketError } from '../socket-error.js';

/** The exports of native/addon.c: sizes, and the function that starts a loop. */
export interface Addon {
  readonly SLOTS: number;
  readonly SLOT_BYTES: number;
  readonly MAX_RECEIVED: number;
  readonly MAX_SEND_SEGMENTS: number;
  readonly READY_CAPACITY: number;
  readonly REPORT_WORDS: number;
  readonly MAX_SEND_FAILURES: number;
  readonly OPTION_WORDS: number;
  readonly PREPARED_BATCHES: number;
  start(
    bytes: Uint8Array,
    offsets: Uint32Array,
    lengths: Uint32Array,
    sources: Uint8Array,
    locals: Uint8Array,
    ecn: Uint8Array,
    timestampsMs: Float64Array,
    ready: Uint32Array,
    report: Uint32Array,
    onReady: (count: number) => void,
  ): AddonLoop;
  /** What the kernel says of the way to a packed endpoint's address; below 0: -errno. */
  route(endpoint: Uint8Array): number;
}

/**
 * The functions of one loop. Sockets are small numbers that JavaScript chooses. A result below 0 is
 * -errno.
 */
export interface AddonLoop {
  open(number: number, options: Uint32Array, local: Uint8Array, remote: Uint8Array | undefined): number;
  local(number: number, into: Uint8Array): number;
  inspect(number: number): number;
  /** How many datagrams, or runs, the kernel has dropped there, modulo 2^32. */
  drops(number: number): number;
  receive(number: number): number;
  send(
    number: number,
    from: number,
    count: number,
    bytes: Uint8Array,
    offsets: Uint32Array,
    lengths: Uint32Array,
    destinations: Uint8Array | undefined,
    locals: Uint8Array | undefined,
  ): number;
  prepare(
    batch: number,
    bytes: Uint8Array,
    offsets: Uint32Array,
    lengths: Uint32Array,
    destinations: Uint8Array | undefined,
    locals: Uint8Array | undefined,
  ): void;
  sendPrepared(number: number, from: number, count: number, batch: number): number;
  nextError(number: number, destination: Uint8Array): number;
  watchWritable(number: number, isWatched: boolean): void;
  close(number: number): void;
}

let loaded: Addon | SocketError | undefined;

/**
 * Returns the addon, built or prebuilt. If it does not load, returns a SocketError
 * 'engine-unavailable' with the reason as its cause.
 */
export function loadAddon(): Addon | SocketError {
  loaded ??= load();
  return loaded;
}

/** Runtimes that load addons of Node.js, but lack what this one uses of libuv. */
const WITHOUT_LIBUV = { bun: 'Bun', deno: 'Deno' } as const;

/** The runtime that is not Node.js and cannot run the addon; undefined on Node.js. */
function foreignRuntime(versions: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const [key, name] of Object.entries(WITHOUT_LIBUV)) if (versions[key] !== undefined) return name;
  return undefined;
}

function load(): Addon | SocketError {
  const require = createRequire(import.meta.url);
  try {
    // Loading it would end the process (Bun) or wait for ever (Deno).
    const runtime = foreignRuntime(process.versions);
    if (runtime !== undefined) throw new Error(`${runtime} cannot run it`);
    const loadFrom = require('node-gyp-build') as (folder: string) => Addon;
    return loadFrom(fileURLToPath(new URL('../..', import.meta.url)));
  } catch (cause) {
    return new SocketError('engine-unavailable', 'create', { subject: 'of the native engine', cause });
  }
}
