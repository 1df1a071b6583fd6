import { PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { SocketError } from '../socket-error.js';
import type { ReceiveBatch } from '../udp-socket.js';
import { loadAddon, type Addon, type AddonLoop } from './addon.js';
import { PreparedBatches } from './prepared-batches.js';
import { SendQueue } from '../send-queue.js';

/** The calls of the loop to a socket. */
export interface LoopSocket {
  ready(events: number): void;
  /** Gives the kernel the datagrams that the socket put off to the end of this turn. */
  flushOutbox(): void;
  /** Reports what the kernel has dropped. */
  countKernelDrops(): void;
}

export const EVENT_WRITABLE = 2;
export const EVENT_ERROR = 4;

/** The batch that all native sockets of this thread deliver. The addon fills its arrays. */
class ReceiveArena implements ReceiveBatch {
  count = 0;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly sources: Uint8Array;
  readonly locals: Uint8Array;
  readonly ecn: Uint8Array;
  readonly timestampsMs: Float64Array;

  constructor({ SLOTS, SLOT_BYTES, MAX_RECEIVED }: Addon) {
    this.bytes = new Uint8Array(SLOTS * SLOT_BYTES);
    this.offsets = new Uint32Array(MAX_RECEIVED);
    this.lengths = new Uint32Array(MAX_RECEIVED);
    this.sources = new Uint8Array(MAX_RECEIVED * PACKED_ENDPOINT_BYTES);
    this.locals = new Uint8Array(MAX_RECEIVED * PACKED_ENDPOINT_BYTES);
    this.ecn = new Uint8Array(MAX_RECEIVED);
    this.timestampsMs = new Float64Array(MAX_RECEIVED);
  }

  /**
   * False after a caller has transferred the buffer of an array. The addon would then write into
   * foreign memory.
   */
  get isWhole(): boolean {
    return (
      this.bytes.length > 0 &&
      this.offsets.length > 0 &&
      this.lengths.length > 0 &&
      this.sources.length > 0 &&
      this.locals.length > 0 &&
      this.ecn.length > 0 &&
      this.timestampsMs.length > 0
    );
  }
}

/** The native sockets of this thread. */
export class NativeLoop {
  readonly addon: Addon;
  readonly calls: AddonLoop;
  readonly arena: ReceiveArena;
  /** The addon reports the results of a call here. */
  readonly report: Uint32Array;
  readonly prepared: PreparedBatches;
  /**
   * True while more sockets wait to be told that they are ready. Datagrams that are put off now are
   * sent when all sockets have been told.
   */
  isTelling = false;
  /** The socket that has put off sends. There is one at a time. */
  outboxOwner: LoopSocket | undefined;
  readonly outbox = new SendQueue();
  readonly #ready: Uint32Array;
  readonly #sockets: (LoopSocket | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  #isTurn = false;
  /** What runs at the end of this turn. */
  readonly #atEnd = new Set<() => void>();

  constructor(addon: Addon) {
    this.addon = addon;
    this.arena = new ReceiveArena(addon);
    this.report = new Uint32Array(addon.REPORT_WORDS);
    this.#ready = new Uint32Array(2 * addon.READY_CAPACITY);
    const { bytes, offsets, lengths, sources, locals, ecn, timestampsMs } = this.arena;
    const tell = (count: number): void => this.#tell(count);
    this.calls = addon.start(
      bytes,
      offsets,
      lengths,
      sources,
      locals,
      ecn,
      timestampsMs,
      this.#ready,
      this.report,
      tell,
    );
    this.prepared = new PreparedBatches(this.calls, addon.PREPARED_BATCHES);
  }

  add(socket: LoopSocket): number {
    const number = this.#freeNumbers.pop() ?? this.#sockets.length;
    this.#sockets[number] = socket;
    return number;
  }

  remove(number: number): void {
    this.#sockets[number] = undefined;
    this.#freeNumbers.push(number);
  }

  /** Each socket that was ready since the last call reports what the kernel has dropped there. */
  countKernelDrops(): void {
    for (const socket of this.#sockets) socket?.countKernelDrops();
  }

  /**
   * Runs `run` once when all sockets that are ready in this turn have been told. Returns false, and
   * does not run it, if no socket is being told.
   */
  atEndOfTurn(run: () => void): boolean {
    if (this.#isTurn) this.#atEnd.add(run);
    return this.#isTurn;
  }

  /** Does not run what {@link atEndOfTurn} took. */
  cancel(run: () => void): void {
    this.#atEnd.delete(run);
  }

  #tell(count: number): void {
    this.#isTurn = true;
    for (let i = 0; i < count; i++) {
      // The sends of the last socket wait for nothing, unless other datagrams already wait.
      this.isTelling = i + 1 < count || this.outboxOwner !== undefined;
      const socket = this.#sockets[this.#ready[2 * i] ?? 0];
      try {
        socket?.ready(this.#ready[2 * i + 1] ?? 0);
      } catch (error) {
        throwLater(error);
      }
    }
    this.#isTurn = false;
    this.#endTurn();
    this.isTelling = false;
    this.outboxOwner?.flushOutbox();
  }

  #endTurn(): void {
    if (this.#atEnd.size === 0) return;
    this.isTelling = this.outboxOwner !== undefined;
    for (const run of this.#atEnd) {
      this.#atEnd.delete(run);
      try {
        run();
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** A mistake of one socket must not cost the others their turn. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

let loop: NativeLoop | undefined;

/**
 * Returns the loop of this thread, which is made at its first use. Returns a SocketError if the
 * addon does not load.
 */
export function nativeLoop(): NativeLoop | SocketError {
  if (loop === undefined) {
    const addon = loadAddon();
    if (addon instanceof SocketError) return addon;
    loop = new NativeLoop(addon);
  }
  return loop;
}

/** Returns the loop of this thread if there is one. */
export function madeNativeLoop(): NativeLoop | undefined {
  return loop;
}
