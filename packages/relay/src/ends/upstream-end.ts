/** One flow's way to its target: through a socket of its own, or a shared one. */
import { DROP, MAX_PAYLOAD_BYTES } from '@relay/packet';
import type { SocketErrorCode } from '@relay/socket';
import type { DatagramExit, DatagramRun, DatagramSender } from '../batch/datagram-run.js';
import type { PrefixedDatagrams } from '../batch/prefixed-datagrams.js';
import type { Datagram } from '../datagram.js';
import type { End, Flow } from '../flow/flow.js';
import type { FlowGroup } from '../flow/flow-group.js';
import type { Traffic } from '../traffic.js';
import { Introduction } from './introduction.js';
import type { Hop } from './loops.js';
import type { SharedSocket, SocketSharing } from './shared-socket.js';
import type { TargetSocket } from './target-socket.js';
import { WaitingDatagrams, type WaitingRoom } from './waiting-datagrams.js';

/** The owner of flows to targets: a client of the server, or the client itself. */
export interface UpstreamOwner extends WaitingRoom {
  /** The name of the client, on a server. */
  readonly name: string | undefined;
  /** How its flows share sockets; undefined: they do not. */
  readonly sharing?: SocketSharing<UpstreamEnd>;
  /**
   * Whether it may reach this packed endpoint at the program's own host; undefined: it may reach
   * every one.
   */
  mayReachHere?(target: Uint8Array): boolean;
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

/** Opens and closes the sockets of ends: `Upstreams` does. */
export interface UpstreamKeeper {
  /** The flow of the end is open. */
  admitted(end: UpstreamEnd): void;
  /** The flow of the end is over, and its socket, if it had one of its own, is to be closed. */
  release(end: UpstreamEnd, socket: TargetSocket | undefined): void;
  /** The flow of the end has ended, but its last datagrams wait for a socket; or no more. */
  setFinishing(end: UpstreamEnd, isFinishing: boolean): void;
  /** The flow of the end to this target is over, which has shared a socket. */
  leave(end: UpstreamEnd, shared: SharedSocket<UpstreamEnd>, target: Uint8Array): void;
}

/** The surroundings of an {@link UpstreamEnd}. */
export interface UpstreamParts {
  readonly upstreams: UpstreamKeeper;
  readonly owner: UpstreamOwner;
  readonly run: DatagramRun;
  readonly prefixed: PrefixedDatagrams;
}

/** The target of one flow. */
export class UpstreamEnd implements End, DatagramExit, Hop {
  hops = 0;
  boundAt: Uint8Array | undefined;
  readonly owner: UpstreamOwner;
  /** Packed endpoint; undefined where the socket is connected. */
  destination: Uint8Array | undefined;
  readonly local = undefined;
  /** Undefined where the target does not learn the source. */
  introduction: Introduction | undefined;
  readonly #parts: UpstreamParts;
  readonly #waiting: WaitingDatagrams;
  readonly #service: UpstreamService | undefined;
  #socket: TargetSocket | undefined;
  #shared: SharedSocket<UpstreamEnd> | undefined;
  #isOpen = false;
  #flow: Flow | undefined;
  /** Its flow ends by its own rule: what waits is sent after that. */
  #isFinishing = false;
  /** Packed endpoint, while the last datagrams of the flow that has ended wait. */
  #lastTarget: Uint8Array | undefined;

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

  /** Packed endpoint; undefined after it has ended, and its last datagrams are sent. */
  get target(): Uint8Array | undefined {
    return this.#flow === undefined ? this.#lastTarget : (this.#service?.target ?? this.#flow.target);
  }

  get group(): FlowGroup<Flow> | undefined {
    return this.#service?.group;
  }

  get watch(): TargetWatch | undefined {
    return this.#service?.watch;
  }

  get socket(): DatagramSender {
    return this.#socket ?? this.#shared?.socket ?? NOWHERE;
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
    if (this.owner.sharing !== undefined) this.owner.sharing.own++;
  }

  /** The way out to this target through a shared socket, once that is open. */
  share(shared: SharedSocket<UpstreamEnd>, target: Uint8Array): void {
    this.#shared = shared;
    this.destination = target;
  }

  /** The socket is open: the datagrams that waited go first. */
  opened(): void {
    if (this.#isOpen || this.target === undefined) return;
    this.#isOpen = true;
    this.#waiting.leave((datagram, traffic) => this.#parts.run.add(this, traffic, datagram));
    this.leave();
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

  finish(): void {
    this.#isFinishing = true;
  }

  close(): void {
    const { target } = this;
    this.#flow = undefined;
    this.#service?.watch?.ended();
    if (this.#isFinishing && !this.#isOpen && !this.#waiting.isEmpty) {
      this.#lastTarget = target;
      return this.#parts.upstreams.setFinishing(this, true);
    }
    this.#waiting.drop(DROP.unknownFlow);
    this.#release();
  }

  /** Nothing waits any more: gives up its socket, if its flow has ended. */
  leave(): void {
    if (this.#lastTarget === undefined) return;
    this.#lastTarget = undefined;
    this.#parts.upstreams.setFinishing(this, false);
    this.#release();
  }

  #release(): void {
    const { upstreams } = this.#parts;
    if (this.#shared === undefined || this.destination === undefined) upstreams.release(this, this.#socket);
    else upstreams.leave(this, this.#shared, this.destination);
  }

  #send(datagram: Datagram, traffic: Traffic): void {
    if (this.#isOpen) this.#parts.run.add(this, traffic, datagram);
    else this.#waiting.add(datagram, traffic);
  }
}

const NOWHERE: DatagramSender = { sendBatch: () => 0 };
