/**
 * Forward mode, the server's half: admits the flows that clients open, and reaches their targets
 * through one connected socket each, so that a reply finds its flow by the socket it comes in on.
 */
import { DROP, FLOW_CLOSE, formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { DescriptorReserve, Machine } from '@relay/program';
import { TargetPolicy, type AcceptedFlow, type AcceptedFlowPorts, type DatagramRun } from '@relay/relay';
import type { Session } from '@relay/session';
import { SocketError, type ReceiveBatch, type SocketOptions, type UdpSocket } from '@relay/socket';
import type { Client } from '../state/client.js';

/** What happened to targets, for the log. */
export interface TargetNotice {
  readonly client: string;
  readonly target: string;
  readonly error: SocketError;
}

export interface ForwardingOptions {
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes'>;
  /** Flows of all clients together. */
  readonly maxFlows: number;
  readonly machine: Pick<Machine, 'clock' | 'openSocket'>;
  /** Flows leave its spares alone, and tell it where there was no descriptor for one. */
  readonly descriptors: Pick<DescriptorReserve, 'isShort' | 'ranOut'>;
  /** The client of a session, while it may come in. */
  readonly clientOf: (session: Session) => Client | undefined;
  /** Gathers what goes to targets; flushed by the loop after each batch. */
  readonly run: DatagramRun;
  /** Whether a packed endpoint is one of the server's own. */
  readonly isOwn: (target: Uint8Array, offset: number) => boolean;
  /** Called after replies were put on their way to clients. */
  readonly replied: () => void;
  readonly notice: (notice: TargetNotice) => void;
  /** What this program threw over a datagram of the session; the session cannot go on. */
  readonly failed: (session: Session, error: unknown) => void;
}

export type ServerFlow = AcceptedFlow<UdpSocket>;

export class Forwarding implements AcceptedFlowPorts<UdpSocket> {
  isDraining = false;
  readonly #options: ForwardingOptions;
  readonly #closing = new Set<Promise<void>>();
  #count = 0;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** Flows of all clients now. */
  get count(): number {
    return this.#count;
  }

  accept(flow: ServerFlow): number {
    if (this.isDraining) return DROP.draining;
    // A socket that is being closed still has its descriptor.
    if (this.#count + this.#closing.size >= this.#options.maxFlows) return DROP.flowLimit;
    if (this.#options.descriptors.isShort) return DROP.overloaded;
    const client = this.#options.clientOf(flow.flows.session);
    if (client === undefined) return DROP.deniedByPolicy;
    const verdict = new TargetPolicy(client.allowances, this.#options.isOwn).verdict(flow.target, 0);
    if (verdict < 0) return verdict;
    const { machine, socket: settings } = this.#options;
    const socket = machine.openSocket({ ...settings, remote: unpackEndpoint(flow.target, 0) });
    socket.open().catch((error: unknown) => this.#notOpened(flow, error));
    if (socket.state === 'closed') return DROP.overloaded; // an engine that opens within the call has failed in it
    socket.onReceive = (batch) => this.#fromTarget(flow, batch);
    socket.onError = (error) => this.#failed(flow, error);
    flow.socket = socket;
    this.#count++;
    return 0;
  }

  toTarget(flow: ServerFlow, bytes: Uint8Array, offset: number, length: number): void {
    const traffic = flow.flows.traffic.toTarget;
    if (flow.socket === undefined) traffic.dropped(DROP.sendFailed);
    else this.#options.run.add(flow.socket, traffic, bytes, offset, length);
  }

  ended(flow: ServerFlow): void {
    if (flow.socket === undefined) return;
    this.#count--;
    this.#options.run.flush(); // its last datagrams may still be in there
    // Of a socket that cannot be closed nothing is left to do.
    const closed = flow.socket.close().catch(() => undefined);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  /** Resolves when the sockets of all ended flows are closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #fromTarget(flow: ServerFlow, { count, bytes, offsets, lengths }: ReceiveBatch): void {
    const nowMs = this.#options.machine.clock();
    try {
      for (let i = 0; i < count; i++) flow.flows.fromTarget(flow, bytes, offsets[i] ?? 0, lengths[i] ?? 0, nowMs);
    } catch (error) {
      flow.flows.traffic.fromTarget.dropped(DROP.internalError);
      this.#options.failed(flow.flows.session, error);
    }
    this.#options.replied();
  }

  /**
   * Nobody listens there, or the datagram could not be sent: the flow ends, and the next datagram
   * opens another.
   */
  #failed(flow: ServerFlow, error: SocketError): void {
    const code = error.operation === 'open' ? DROP.overloaded : DROP.sendFailed;
    if (error.datagrams > 0) flow.flows.traffic.toTarget.unsent(error.datagrams, code);
    if (error.operation === 'open') return; // `open` has failed too, and says so once
    this.#notice(flow, error);
    if (error.operation === 'icmp') flow.flows.end(flow, FLOW_CLOSE.unreachable, this.#options.machine.clock());
  }

  /** What waited for the socket to open is lost with it, as the socket has told. */
  #notOpened(flow: ServerFlow, cause: unknown): void {
    const error = cause instanceof SocketError ? cause : new SocketError('unknown', 'open', { cause });
    if (error.code === 'too-many-open-files') this.#options.descriptors.ranOut();
    this.#notice(flow, error);
    flow.flows.end(flow, FLOW_CLOSE.overloaded, this.#options.machine.clock());
  }

  #notice(flow: ServerFlow, error: SocketError): void {
    const client = this.#options.clientOf(flow.flows.session)?.name ?? 'revoked';
    this.#options.notice({ client, target: formatEndpoint(unpackEndpoint(flow.target, 0)), error });
  }
}
