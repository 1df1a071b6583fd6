/** The end where sources' datagrams arrive: local ports of a client, public ports of a server. */
import { DROP, FLOW_CLOSE, PACKED_ENDPOINT_BYTES, type DatagramBatch } from '@relay/packet';
import type { DatagramExit, DatagramRun, DatagramSender } from '../batch/datagram-run.js';
import { Datagram } from '../datagram.js';
import type { End, Flow, Opening } from '../flow/flow.js';
import { FlowGroup, type FlowMapping } from '../flow/flow-group.js';
import type { FlowTable } from '../flow/flow-table.js';
import type { VisitorRules, Visitors } from '../policy/visitors.js';
import { SourceFlows } from '../flow/source-flows.js';
import type { Traffic } from '../traffic.js';

/** Decides on a new flow at a port of a listener; see `Admit`. */
export type PortAdmit = (opening: Opening, nowMs: number, port: ListenerPort) => End | number;

/** One port of a listener: a range has several, each with a target of its own. */
export class ListenerPort {
  readonly socket: DatagramSender;
  /** Packed endpoint that datagrams are for; undefined while its name is not resolved. */
  target: Uint8Array | undefined;
  /** The code with which datagrams are dropped while there is no target. */
  withoutTarget: number = DROP.resolving;
  readonly flows = new SourceFlows();

  constructor(socket: DatagramSender) {
    this.socket = socket;
  }

  /** The target of a datagram that asked for the packed local endpoint at `locals[at]`. */
  targetOf(_locals: Uint8Array, _at: number): Uint8Array | undefined {
    return this.target;
  }
}

/** The surroundings of a {@link Listener}. */
export interface ListenerParts {
  /** Keeps the flows. */
  readonly table: FlowTable;
  /** Replies leave through it. */
  readonly run: DatagramRun;
  /** Lets in new flows. */
  readonly admit: PortAdmit;
  /** The rules for sources, on public ports. */
  readonly visitors?: Visitors;
}

/** The ports of one mapping. */
export class Listener {
  readonly #ports: Set<ListenerPort>;
  readonly #table: FlowTable;
  readonly #run: DatagramRun;
  readonly #admit: PortAdmit;
  readonly #visitors: Visitors | undefined;
  readonly #group: FlowGroup<Flow>;
  readonly #datagram = new Datagram();
  /** The flow that is asked for now. */
  readonly #opening: { source: Uint8Array; target: Uint8Array };

  constructor(mapping: FlowMapping, ports: readonly ListenerPort[], parts: ListenerParts) {
    this.#group = new FlowGroup<Flow>(mapping);
    this.#ports = new Set(ports);
    this.#table = parts.table;
    this.#run = parts.run;
    this.#admit = parts.admit;
    this.#visitors = parts.visitors;
    this.#opening = { source: new Uint8Array(PACKED_ENDPOINT_BYTES), target: this.#datagram.bytes };
  }

  get mapping(): FlowMapping {
    return this.#group.settings;
  }

  get ports(): readonly ListenerPort[] {
    return [...this.#ports];
  }

  /** How many flows there are now. */
  get flowCount(): number {
    return this.#group.size;
  }

  /** One port more is open. */
  addPort(port: ListenerPort): void {
    this.#ports.add(port);
  }

  /** These ports are closed: their flows end, for a reason out of `FLOW_CLOSE`, and none begins. */
  removePorts(ports: ReadonlySet<ListenerPort>, reason: number, nowMs: number): void {
    for (const port of ports) this.#ports.delete(port);
    for (const flow of this.#group)
      if (flow.sourceEnd instanceof ListenerEnd && ports.has(flow.sourceEnd.port)) flow.end(reason, nowMs);
  }

  /** Takes datagram `i` of a batch that has arrived at a port of this listener. */
  receive(port: ListenerPort, batch: DatagramBatch, i: number, nowMs: number): void {
    const { toTarget } = this.#table.traffic;
    const datagram = this.#datagram.showOf(batch, i);
    toTarget.received(datagram.length);
    const at = i * PACKED_ENDPOINT_BYTES;
    const known = port.flows.get(batch.sources, batch.locals, at);
    const code = this.#visitors?.charge(batch.sources, at, datagram.length, known !== undefined, nowMs) ?? 0;
    const flow = code < 0 ? code : (known ?? this.#open(port, batch, i, nowMs));
    if (typeof flow === 'number') toTarget.dropped(flow);
    else flow.toTarget(datagram, nowMs);
  }

  /** The kernel has dropped datagrams at a port, because its buffer was full. */
  lostInKernel(datagrams: number): void {
    this.#table.traffic.toTarget.lostInKernel(datagrams);
  }

  /**
   * Other rules for sources hold from now on. Returns the open flows, each of which {@link judge}
   * is to judge by them: many flows and many rules take long.
   */
  applyRules(rules: VisitorRules): Flow[] {
    if (this.#visitors === undefined) return [];
    this.#visitors.rules = rules;
    return [...this.#group];
  }

  /** Ends a flow if the rules refuse its source. */
  judge(flow: Flow, nowMs: number): void {
    if (this.#visitors?.isAllowed(flow.source, 0) === false) flow.end(FLOW_CLOSE.denied, nowMs);
  }

  /** Ends all its flows, for a reason out of `FLOW_CLOSE`. */
  end(reason: number, nowMs: number): void {
    this.#group.end(reason, nowMs);
  }

  #open(port: ListenerPort, { sources, locals }: DatagramBatch, i: number, nowMs: number): Flow | number {
    const at = i * PACKED_ENDPOINT_BYTES;
    // What its socket still brings before that is closed.
    if (!this.#ports.has(port)) return DROP.notPublished;
    const target = port.targetOf(locals, at);
    if (target === undefined) return port.withoutTarget;
    this.#opening.source.set(sources.subarray(at, at + PACKED_ENDPOINT_BYTES));
    this.#opening.target = target;
    if (this.#visitors?.hasRoom(sources, at) === false) return DROP.flowLimit;
    const admitted = this.#admit(this.#opening, nowMs, port);
    if (typeof admitted === 'number') return admitted;
    const end = new ListenerEnd(port, locals.slice(at, at + PACKED_ENDPOINT_BYTES), this.#run, this.#visitors);
    return this.#table.open(this.#opening, [end, admitted], this.#group, nowMs) ?? DROP.flowLimit;
  }
}

/** A source at a port. */
class ListenerEnd implements End, DatagramExit {
  /** Replies leave from the address that was asked, where that is known. */
  readonly local: Uint8Array | undefined;
  readonly port: ListenerPort;
  readonly #run: DatagramRun;
  readonly #asked: Uint8Array;
  readonly #visitors: Visitors | undefined;
  #flow: Flow | undefined;
  /** The flow, while the source's next datagram belongs to it. */
  #found: Flow | undefined;

  constructor(port: ListenerPort, asked: Uint8Array, run: DatagramRun, visitors: Visitors | undefined) {
    this.port = port;
    this.#asked = asked;
    this.local = asked.some((byte) => byte !== 0) ? asked : undefined;
    this.#run = run;
    this.#visitors = visitors;
  }

  get socket(): DatagramSender {
    return this.port.socket;
  }

  get destination(): Uint8Array | undefined {
    return this.#flow?.source;
  }

  attach(flow: Flow): void {
    this.#flow = flow;
    this.#found = flow;
    this.port.flows.add(flow, this.#asked);
    this.#visitors?.opened(flow.source, flow.lastActivityMs);
  }

  send(datagram: Datagram, traffic: Traffic): void {
    this.#run.add(this, traffic, datagram);
  }

  release(): void {
    if (this.#found === undefined) return;
    this.port.flows.remove(this.#found, this.#asked);
    this.#found = undefined;
  }

  close(): void {
    this.release();
    if (this.#flow !== undefined) this.#visitors?.closed(this.#flow.source);
  }
}
