/** The end where targets are reached: one connected socket for each flow. */
import { DROP, FLOW_CLOSE, MAX_PAYLOAD_BYTES, unpackEndpoint, type DatagramBatch } from '@relay/packet';
import type { SocketError, SocketErrorCode, SocketOptions, UdpSocket } from '@relay/socket';
import type { DatagramExit, DatagramRun, DatagramSender } from '../batch/datagram-run.js';
import { PrefixedDatagrams } from '../batch/prefixed-datagrams.js';
import { Datagram } from '../datagram.js';
import type { End, Flow } from '../flow/flow.js';
import type { FlowGroup } from '../flow/flow-group.js';
import type { Notices } from '../notices.js';
import type { Accounts, Traffic } from '../traffic.js';
import { codeOf, isAboutTarget } from './about-targets.js';
import { Introduction } from './introduction.js';
import { WaitingDatagrams, type WaitingRoom } from './waiting-datagrams.js';

/** The owner of flows to targets: a client of the server, or the client itself. */
export interface UpstreamOwner extends WaitingRoom {
  /** The name of the client, on a server. */
  readonly name: string | undefined;
  /** Takes an error that this program threw over a datagram; the client's session must end. */
  fault(error: unknown, nowMs: number): void;
}

/** A service beside a client, to which flows of visitors lead, or the upstream of a route. */
export interface UpstreamService {
  /** Packed endpoint. */
  readonly target: Uint8Array;
  /** The group of its flows, where the other end does not know it. */
  readonly group?: FlowGroup<Flow>;
  /** Of this flow alone. */
  readonly watch?: TargetWatch;
}

/** Is told what happens between one flow and its target. */
export interface TargetWatch {
  /** The flow is open. */
  begun(): void;
  /** A datagram is on its way to the target. */
  asked(nowMs: number): void;
  /** A datagram has come from the target. */
  answered(): void;
  /**
   * The host or the network says that the target cannot be reached. Returns whether the flow is of
   * no use any more, so that it ends.
   */
  failed(code: SocketErrorCode, nowMs: number): boolean;
  /** The flow has ended. */
  ended(): void;
}

/** The part of a socket that an upstream needs. */
export type TargetSocket = Pick<UdpSocket, 'close' | 'onError' | 'onReceive' | 'open' | 'sendBatch' | 'state'>;

/** The parts of {@link Upstreams}. */
export interface UpstreamsOptions {
  /** A socket in the state `created`; may throw a SocketError. */
  readonly openSocket: (options: SocketOptions) => TargetSocket;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes'>;
  /** A steady clock, ms. */
  readonly clock: () => number;
  /** Gathers the datagrams to targets. */
  readonly run: DatagramRun;
  readonly accounts: Accounts;
  readonly notices: Notices;
  /** Called after something has come from a target, or failed there, outside of any other call. */
  readonly settleSoon: () => void;
  /** Called where there was no file descriptor for a socket. */
  readonly ranOut: () => void;
}

/** All sockets to targets of one shard. */
export class Upstreams {
  readonly #options: UpstreamsOptions;
  readonly #admitted: UpstreamEnd[] = [];
  readonly #closing = new Set<Promise<void>>();
  readonly #datagram = new Datagram();
  readonly #prefixed: PrefixedDatagrams;
  readonly #errors = new Map<SocketErrorCode, number>();
  #count = 0;

  constructor(options: UpstreamsOptions) {
    this.#options = options;
    this.#prefixed = new PrefixedDatagrams(options.run);
  }

  /** Flows that have a socket, or are to have one. */
  get count(): number {
    return this.#count;
  }

  /** What networks and hosts said of targets that could not be reached: how often, by code. */
  get networkErrors(): Readonly<Partial<Record<SocketErrorCode, number>>> {
    return Object.fromEntries(this.#errors);
  }

  /** Sockets of flows that have ended, which are open yet. */
  get closing(): number {
    return this.#closing.size;
  }

  /**
   * The end for a flow of this owner, if that opens; {@link openAdmitted} opens its socket. It
   * leads to the target of the flow, or to a service.
   */
  newEnd(owner: UpstreamOwner, service?: UpstreamService): End {
    return new UpstreamEnd({ upstreams: this, owner, run: this.#options.run, prefixed: this.#prefixed }, service);
  }

  /** Opens the sockets of the flows that were let in since the last call. */
  openAdmitted(): void {
    for (const end of this.#admitted.splice(0)) this.#open(end);
  }

  /** Resolves when the sockets of all ended flows are closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  // Called by ends.

  admitted(end: UpstreamEnd): void {
    this.#count++;
    this.#admitted.push(end);
  }

  release(socket: TargetSocket | undefined): void {
    this.#count--;
    if (socket === undefined) return;
    this.#options.run.flush(); // its last datagrams may still be in there
    // Nothing is left to do for a socket that cannot be closed.
    const closed = socket.close().catch(() => undefined);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  // Called by sockets.

  #open(end: UpstreamEnd): void {
    const { target } = end;
    if (target === undefined) return; // it ended within the same batch
    const { openSocket, socket: settings, clock } = this.#options;
    try {
      const socket = openSocket({ ...settings, remote: unpackEndpoint(target, 0) });
      socket.onReceive = (batch) => this.#receive(end, batch);
      socket.onError = (error, _destination, tag) => this.#failed(end, error, tag);
      end.use(socket);
      socket
        .open()
        .then(
          () => this.#opened(end),
          (error: unknown) => this.#notOpened(end, error),
        )
        .catch((error: unknown) => end.owner.fault(error, clock()));
      // An engine that opens within the call need not be waited for.
      if (socket.state === 'open') end.opened();
    } catch (error) {
      this.#notOpened(end, error);
    }
  }

  #opened(end: UpstreamEnd): void {
    end.opened();
    this.#options.run.flush();
  }

  #receive({ flow, owner, watch, introduction }: UpstreamEnd, batch: DatagramBatch): void {
    const nowMs = this.#options.clock();
    const datagram = this.#datagram;
    try {
      watch?.answered();
      for (let i = 0; i < batch.count; i++) {
        datagram.showOf(batch, i);
        introduction?.answered(datagram);
        flow?.toSource(datagram, nowMs);
      }
    } catch (error) {
      owner.fault(error, nowMs);
    }
    this.#options.run.flush(); // before the batch is used again
    this.#options.settleSoon();
  }

  /**
   * A datagram could not be sent, or the network says that the target cannot be reached. The latter
   * is a hint: anybody can forge it, and it often passes (RFC 1122 §4.2.3.9, RFC 5461). The flow
   * keeps its socket, so that the target goes on to hear the source from the same port.
   */
  #failed(end: UpstreamEnd, { code, operation, datagrams }: SocketError, tag: number): void {
    this.#options.accounts.unsent(tag, datagrams, DROP.sendFailed);
    if (operation === 'icmp') this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    this.#notice(end, code);
    if (code === 'connection-refused') end.flow?.targetUnreachable(this.#options.clock());
    this.#options.settleSoon();
  }

  #notOpened(end: UpstreamEnd, cause: unknown): void {
    if (end.flow === undefined) return; // it ended while its socket was opened
    const code = codeOf(cause);
    if (code === 'too-many-open-files') this.#options.ranOut();
    this.#notice(end, code);
    const isTarget = isAboutTarget(code);
    end.dropWaiting(isTarget ? DROP.unreachable : DROP.overloaded);
    end.flow.end(isTarget ? FLOW_CLOSE.unreachable : FLOW_CLOSE.overloaded, this.#options.clock());
    this.#options.settleSoon();
  }

  #notice({ flow, target, owner, watch }: UpstreamEnd, reason: SocketErrorCode): void {
    if (target === undefined) return;
    if (watch !== undefined && isAboutTarget(reason)) {
      const nowMs = this.#options.clock();
      if (watch.failed(reason, nowMs)) flow?.end(FLOW_CLOSE.unreachable, nowMs);
    } else this.#options.notices.add({ kind: 'target-failed', target, client: owner.name, reason });
  }
}

/** The surroundings of an {@link UpstreamEnd}. */
interface UpstreamParts {
  readonly upstreams: Upstreams;
  readonly owner: UpstreamOwner;
  readonly run: DatagramRun;
  readonly prefixed: PrefixedDatagrams;
}

/** The target of one flow. */
export class UpstreamEnd implements End, DatagramExit {
  readonly owner: UpstreamOwner;
  /** The socket is connected. */
  readonly destination = undefined;
  readonly local = undefined;
  /** Undefined where the target does not learn the source. */
  introduction: Introduction | undefined;
  readonly #parts: UpstreamParts;
  readonly #waiting: WaitingDatagrams;
  readonly #service: UpstreamService | undefined;
  #socket: TargetSocket | undefined;
  #isOpen = false;
  #flow: Flow | undefined;

  constructor(parts: UpstreamParts, service: UpstreamService | undefined) {
    this.#parts = parts;
    this.#service = service;
    this.owner = parts.owner;
    this.#waiting = new WaitingDatagrams(parts.owner);
  }

  /** Undefined after it has ended. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  /** Packed endpoint; undefined after it has ended. */
  get target(): Uint8Array | undefined {
    return this.#flow && (this.#service?.target ?? this.#flow.target);
  }

  get group(): FlowGroup<Flow> | undefined {
    return this.#service?.group;
  }

  get watch(): TargetWatch | undefined {
    return this.#service?.watch;
  }

  get socket(): DatagramSender {
    return this.#socket ?? NOWHERE;
  }

  attach(flow: Flow): void {
    const { identity } = flow.group.settings;
    this.#flow = flow;
    if (identity !== undefined) this.introduction = new Introduction(identity, flow);
    this.#service?.watch?.begun();
    this.#parts.upstreams.admitted(this);
  }

  /** The way out through its socket, once that is open. */
  use(socket: TargetSocket): void {
    this.#socket = socket;
  }

  /** The socket is open: the datagrams that waited go first. */
  opened(): void {
    if (this.#isOpen || this.#flow === undefined) return;
    this.#isOpen = true;
    this.#waiting.leave((datagram, traffic) => this.#parts.run.add(this, traffic, datagram));
  }

  send(datagram: Datagram, traffic: Traffic, nowMs: number): void {
    this.#service?.watch?.asked(nowMs);
    const header = this.introduction?.next();
    if (header === undefined) this.#send(datagram, traffic);
    else if (header.length + datagram.length > MAX_PAYLOAD_BYTES) traffic.dropped(DROP.tooLarge);
    else this.#send(this.#parts.prefixed.join(header, datagram), traffic);
  }

  dropWaiting(code: number): void {
    this.#waiting.drop(code);
  }

  close(): void {
    this.#flow = undefined;
    this.#service?.watch?.ended();
    this.#waiting.drop(DROP.unknownFlow);
    this.#parts.upstreams.release(this.#socket);
  }

  #send(datagram: Datagram, traffic: Traffic): void {
    if (this.#isOpen) this.#parts.run.add(this, traffic, datagram);
    else this.#waiting.add(datagram, traffic);
  }
}

const NOWHERE: DatagramSender = { sendBatch: () => 0 };
