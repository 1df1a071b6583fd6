import { unpackEndpoint, type DatagramBatch, type SendBatch } from '@relay/packet';
import type { SocketErrorCode, SocketOptions } from '@relay/socket';
import { codeOf, isAboutTarget } from '../ends/about-targets.js';
import type { TargetSocket } from '../ends/target-socket.js';
import type { IdleQueue, Idler } from '../flow/idle-queue.js';
import { ActiveCheck, type ActiveHealth, type CheckResult } from './active-check.js';

/** What a check of a target needs. */
export interface HealthCheckOptions {
  /** A socket in the state `created`; may throw a SocketError. */
  readonly openSocket: (options: SocketOptions) => TargetSocket;
  readonly socket: Pick<SocketOptions, 'engine'>;
  readonly clock: () => number;
  readonly idle: IdleQueue;
  /** Called after a check has found something out, outside of any other call. */
  readonly settleSoon: () => void;
  /** Called where there was no file descriptor for a socket. */
  readonly ranOut: () => void;
  /** Takes what a check has found out. */
  readonly found: (result: Exclude<CheckResult, undefined>, nowMs: number) => void;
}

/** Asks one target again and again, through a socket of its own, until it is closed. */
export class HealthCheck implements Idler {
  /** Its deadline: the queue calls {@link expire} then. */
  lastActivityMs: number;
  readonly idleMs = 0;
  readonly #options: HealthCheckOptions;
  readonly #target: Uint8Array;
  readonly #check: ActiveCheck;
  readonly #question: SendBatch;
  #socket: TargetSocket | undefined;
  #isClosed = false;

  /** `target`: packed endpoint. The first question leaves soon after `nowMs`. */
  constructor(target: Uint8Array, health: ActiveHealth, options: HealthCheckOptions, nowMs: number) {
    const { send: bytes } = health;
    this.#options = options;
    this.#target = target;
    this.#check = new ActiveCheck(health, nowMs);
    this.#question = { bytes, count: 1, offsets: Uint32Array.of(0), lengths: Uint32Array.of(bytes.length) };
    this.lastActivityMs = nowMs;
    options.idle.add(this);
  }

  /** Flows have found the target down. */
  startOver(): void {
    this.#check.startOver();
  }

  close(): void {
    this.#isClosed = true;
    this.#options.idle.remove(this);
    this.#leaveSocket();
  }

  expire(nowMs: number): void {
    this.#tell(this.#check.passTime(nowMs), nowMs);
    if (this.#check.asks(nowMs)) this.#ask(nowMs);
    this.lastActivityMs = this.#check.dueMs;
    this.#options.idle.add(this);
  }

  #ask(nowMs: number): void {
    this.#socket ??= this.#open(nowMs);
    // Dropped here: its queue is full.
    if (this.#socket?.sendBatch(this.#question) === 0) this.#check.withdrawn();
  }

  #open(nowMs: number): TargetSocket | undefined {
    const { openSocket, socket: settings, clock } = this.#options;
    try {
      const socket = openSocket({ ...settings, remote: unpackEndpoint(this.#target, 0) });
      socket.onReceive = (batch) => this.#received(batch);
      socket.onError = ({ code }) => this.#failed(code, clock());
      socket.open().catch((error: unknown) => this.#notOpened(socket, error));
      return socket;
    } catch (error) {
      this.#failed(codeOf(error), nowMs);
      return undefined;
    }
  }

  #received({ bytes, offsets, lengths, count }: DatagramBatch): void {
    for (let i = 0; i < count; i++) {
      const start = offsets[i] ?? 0;
      this.#tell(this.#check.answered(bytes.subarray(start, start + (lengths[i] ?? 0))), this.#options.clock());
    }
  }

  /** The next question tries with another socket. */
  #notOpened(socket: TargetSocket, error: unknown): void {
    if (socket === this.#socket) this.#socket = undefined;
    this.#failed(codeOf(error), this.#options.clock());
  }

  /** What says nothing of the target, such as a want of descriptors, fails no question. */
  #failed(code: SocketErrorCode, nowMs: number): void {
    if (code === 'too-many-open-files') this.#options.ranOut();
    if (isAboutTarget(code)) this.#tell(this.#check.failed(), nowMs);
    else this.#check.withdrawn();
  }

  #leaveSocket(): void {
    // Nothing is left to do for a socket that cannot be closed.
    this.#socket?.close().catch(() => undefined);
    this.#socket = undefined;
  }

  #tell(result: CheckResult, nowMs: number): void {
    if (result === undefined || this.#isClosed) return;
    this.#options.found(result, nowMs);
    this.#options.settleSoon();
  }
}
