import { getSystemErrorName } from 'node:util';
import { PACKED_ENDPOINT_BYTES, packEndpoint, unpackEndpoint, type Endpoint, type SendBatch } from '@relay/packet';
import { checkBatch, EngineSocket, invalidBatch, type OpenedSocket } from '../engine-socket.js';
import { codeOfSystemError, openError, SocketError } from '../socket-error.js';
import type { ResolvedOptions } from '../socket-options.js';
import { withNumericZone } from '../zone.js';
import { EVENT_ERROR, EVENT_WRITABLE, type LoopSocket, type NativeLoop } from './native-loop.js';
import { SendQueue } from '../send-queue.js';

/** The number of system calls of a busy socket before the others have their turn. */
const MAX_CALLS_PER_TURN = 8;
const MAX_ERRORS_PER_TURN = 64;
/** The largest batch that is put off. A larger one deserves its own system call. */
const MAX_PUT_OFF = 8;
/** The limit of put-off bytes. More is sent at once, so that the kernel's queue is fed steadily. */
const OUTBOX_BYTES = 1 << 15;
const REPORTED_FAILURES = 4;
const WORDS_PER_FAILURE = 3;

/** The engine over the addon, for Linux: batched system calls, offload, exact counts. */
export class NativeSocket extends EngineSocket implements LoopSocket {
  override readonly engine = 'native';
  readonly #loop: NativeLoop;
  #number = -1;
  #queue: SendQueue | undefined;
  #onDrained: (() => void) | undefined;
  /** The last known value. */
  #maxSegments: number;
  #kernelDrops = 0;
  #refusedRuns = 0;
  /** A socket whose buffer was full is ready. Nothing was dropped at those that were not. */
  #wasReady = false;

  constructor(options: ResolvedOptions, loop: NativeLoop) {
    super(options);
    this.#loop = loop;
    this.#maxSegments = options.sendOffload ? loop.addon.MAX_SEND_SEGMENTS : 1;
  }

  override get maxBatch(): number {
    return this.options.receiveOffload ? this.#loop.addon.MAX_RECEIVED : this.#loop.addon.SLOTS;
  }

  override get maxSegments(): number {
    this.#inspect();
    return this.#maxSegments;
  }

  protected override bind(): OpenedSocket {
    const { addon, calls, report } = this.#loop;
    const { options } = this;
    const local = packed(options.local);
    const number = this.#loop.add(this);
    const failure = calls.open(
      number,
      optionWords(options, addon.OPTION_WORDS),
      local,
      options.remote && packed(options.remote),
    );
    if (failure < 0) {
      this.#loop.remove(number);
      throw openError(systemError(failure), options.local);
    }
    this.#number = number;
    calls.local(number, local);
    calls.inspect(number);
    this.#maxSegments = report[2] ?? 0;
    return {
      local: unpackEndpoint(local, 0),
      receiveBufferBytes: report[0] ?? 0,
      sendBufferBytes: report[1] ?? 0,
    };
  }

  ready(events: number): void {
    this.#wasReady = true;
    if (events & EVENT_ERROR) this.#readErrors();
    if (events & EVENT_WRITABLE) this.#flush();
    this.#receive();
  }

  #receive(): void {
    const { calls, arena, report } = this.#loop;
    // This also runs while the socket closes. Otherwise the kernel would report the unread
    // datagrams again at every turn.
    for (let i = 0; i < MAX_CALLS_PER_TURN && this.#number !== -1; i++) {
      if (!arena.isWhole)
        throw new SocketError('invalid-argument', 'receive', { subject: 'into a buffer that was transferred away' });
      const count = calls.receive(this.#number);
      if (count < 0) {
        const name = systemErrorName(count);
        this.failReceive(name, codeOfSystemError(name));
      }
      if (count <= 0) return;
      const hasMore = report[1] === 1;
      const cutOff = report[2] ?? 0;
      if (cutOff > 0) this.counters.countError('no-buffers', cutOff);
      arena.count = count;
      this.deliver(arena, report[0] ?? 0);
      if (!hasMore) return;
    }
  }

  #readErrors(): void {
    const { calls, report } = this.#loop;
    for (let i = 0; i < MAX_ERRORS_PER_TURN && this.#number !== -1; i++) {
      const error = calls.nextError(this.#number, DESTINATION);
      if (error < 0) return;
      if (error === 0) continue;
      const name = systemErrorName(-error);
      this.failReceive(
        name,
        codeOfSystemError(name),
        report[0] === 1 ? unpackEndpoint(DESTINATION, 0) : this.options.remote,
      );
    }
  }

  protected override write(batch: SendBatch): number {
    if (this.#loop.isTelling && batch.count <= MAX_PUT_OFF && this.options.remote === undefined && !this.#queue)
      return this.#putOff(batch);
    this.flushOutbox();
    if (this.#queue) {
      checkBatch(batch);
      return this.#enqueue(batch, 0);
    }
    const done = this.#transmit(batch, 0);
    return done === batch.count ? done : this.#enqueue(batch, done);
  }

  /**
   * Puts off a batch to the end of the turn. Answers to datagrams from many sockets leave by one
   * socket. Together they cost a fraction of the system calls.
   */
  #putOff(batch: SendBatch): number {
    const loop = this.#loop;
    if (loop.outboxOwner !== this) {
      loop.outboxOwner?.flushOutbox();
      loop.outboxOwner = this;
    }
    checkBatch(batch);
    loop.outbox.append(batch, 0, Infinity);
    if (loop.outbox.waitingBytes > OUTBOX_BYTES) this.flushOutbox();
    return batch.count;
  }

  flushOutbox(): void {
    const { outbox, outboxOwner } = this.#loop;
    if (outboxOwner !== this) return;
    this.#loop.outboxOwner = undefined;
    const done = this.#transmit(outbox, 0);
    // The batch was already accepted, so it may wait even beyond the limit.
    if (done < outbox.count) this.#enqueue(outbox, done, Infinity);
    outbox.clear();
  }

  /**
   * Gives the kernel the datagrams from number `from` on. Returns the number of the first datagram
   * that the kernel did not take now.
   */
  #transmit(batch: SendBatch, from: number): number {
    const { report, prepared } = this.#loop;
    const known = prepared.numberOf(batch);
    let done = from;
    let failures: number;
    do {
      done = this.#call(batch, done, known);
      if (done < 0) throw invalidBatch();
      const datagrams = report[0] ?? 0;
      if (datagrams > 0) this.counters.countSent(datagrams, report[1] ?? 0, report[2] ?? 0);
      failures = report[3] ?? 0;
      if (failures > 0) this.#reportFailures(batch, failures);
      // The addon stopped because it had no room for more failures. It goes on from there.
    } while (failures === this.#loop.addon.MAX_SEND_FAILURES && done < batch.count);
    return done;
  }

  /**
   * Makes one call into the addon. The report says what became of the datagrams before the result.
   */
  #call(batch: SendBatch, from: number, known: number): number {
    const { calls } = this.#loop;
    if (known !== -1) return calls.sendPrepared(this.#number, from, batch.count, known);
    const { count, bytes, offsets, lengths, destinations, locals } = batch;
    return calls.send(this.#number, from, count, bytes, offsets, lengths, destinations, locals);
  }

  #reportFailures(batch: SendBatch, failures: number): void {
    const { report } = this.#loop;
    for (let i = 0; i < failures; i++) {
      const at = REPORTED_FAILURES + i * WORDS_PER_FAILURE;
      const first = report[at + 2] ?? 0;
      this.losses.refused(batch, first, first + (report[at + 1] ?? 0), systemErrorName(-(report[at] ?? 0)));
    }
  }

  #enqueue(batch: SendBatch, from: number, maxBytes = this.options.sendQueueBytes): number {
    const isNew = this.#queue === undefined;
    this.#queue ??= new SendQueue();
    const accepted = this.#queue.append(batch, from, maxBytes);
    this.counters.queuedDatagrams += accepted - from;
    this.counters.queueDrops += batch.count - accepted;
    if (this.#queue.count === 0) this.#queue = undefined;
    else if (isNew) this.#loop.calls.watchWritable(this.#number, true);
    return accepted;
  }

  #flush(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    queue.advance(this.#transmit(queue, queue.head));
    if (queue.head < queue.count) {
      this.#loop.calls.watchWritable(this.#number, true);
      return;
    }
    this.#queue = undefined;
    this.#loop.calls.watchWritable(this.#number, false);
    this.#onDrained?.();
  }

  protected override get unsentBytes(): number {
    const putOff = this.#loop.outboxOwner === this ? this.#loop.outbox.waitingBytes : 0;
    return putOff + (this.#queue?.waitingBytes ?? 0);
  }

  countKernelDrops(): void {
    if (!this.#wasReady) return;
    this.#wasReady = false;
    this.#reportDrops();
  }

  #reportDrops(): void {
    this.reportKernelDrops(this.kernelDrops);
  }

  protected override get kernelDrops(): number {
    if (this.#number !== -1) {
      const drops = this.#loop.calls.drops(this.#number);
      // The kernel counts in 32 bits.
      if (drops >= 0) this.#kernelDrops += (drops - this.#kernelDrops) >>> 0;
    }
    return this.#kernelDrops;
  }

  #inspect(): void {
    if (this.#number === -1) return;
    const { calls, report } = this.#loop;
    calls.inspect(this.#number);
    this.#maxSegments = report[2] ?? 0;
    this.#refusedRuns = report[3] ?? 0;
  }

  protected override get refusedRuns(): number {
    this.#inspect();
    return this.#refusedRuns;
  }

  protected override async release(): Promise<void> {
    this.flushOutbox();
    if (this.#queue) await this.#drained();
    this.#inspect();
    this.#reportDrops();
    if (this.#queue) this.losses.dropped(this.#queue, this.#queue.head, this.#queue.count);
    this.#queue = undefined;
    this.#loop.calls.close(this.#number);
    this.#loop.remove(this.#number);
    this.#number = -1;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.options.closeTimeoutMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const DESTINATION = new Uint8Array(PACKED_ENDPOINT_BYTES);

function packed(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(withNumericZone(endpoint), bytes, 0);
  return bytes;
}

/** Returns the options in the form that native/addon.c reads. */
function optionWords(options: ResolvedOptions, words: number): Uint32Array {
  const flags = [
    options.dualStack,
    options.reusePort,
    options.sendOffload,
    options.receiveOffload,
    options.receiveLocals,
    options.receiveEcn,
    options.receiveTimestamps,
    options.steering !== undefined,
    !options.pathMtuDiscovery,
  ].reduce((sum, flag, bit) => sum | (flag ? 1 << bit : 0), 0);
  const { offset, mask, shift, modulus } = options.steering ?? { offset: 0, mask: 0, shift: 0, modulus: 0 };
  const into = new Uint32Array(words);
  into.set([options.family, flags, options.receiveBufferBytes, options.sendBufferBytes, offset, mask, shift, modulus]);
  return into;
}

function systemErrorName(negativeErrno: number): string {
  return getSystemErrorName(negativeErrno);
}

function systemError(negativeErrno: number): Error {
  const code = systemErrorName(negativeErrno);
  return Object.assign(new Error(code), { code });
}
