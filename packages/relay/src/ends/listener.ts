/** The end where sources' datagrams arrive: local ports of a client, public ports of a server. */
import { DROP, PACKED_ENDPOINT_BYTES, type DatagramBatch } from '@relay/packet';
import type { DatagramExit, DatagramRun, DatagramSender } from '../batch/datagram-run.js';
import { Datagram } from '../datagram.js';
import type { Admit, End, Flow } from '../flow/flow.js';
import { FlowGroup, type FlowMapping } from '../flow/flow-group.js';
import type { FlowTable } from '../flow/flow-table.js';
import { SourceFlows } from '../flow/source-flows.js';
import type { Traffic } from '../traffic.js';

/** One port of a listener: a range has several, each with a target of its own. */
export class ListenerPort {
  readonly socket: DatagramSender;
  /** Packed endpoint that datagrams are for; undefined while its name is not resolved. */
  target: Uint8Array | undefined;
  readonly flows = new SourceFlows();

  constructor(socket: DatagramSender) {
    this.socket = socket;
  }

  /** The target of a datagram that asked for the packed local endpoint at `locals[at]`. */
  targetOf(_locals: Uint8Array, _at: number): Uint8Array | undefined {
    return this.target;
  }
}

/** The ports of one mapping. */
export class Listener {
  readonly ports: readonly ListenerPort[];
  readonly #table: FlowTable;
  readonly #run: DatagramRun;
  readonly #admit: Admit;
  readonly #group: FlowGroup;
  readonly #datagram = new Datagram();
  /** The flow that is asked for now. */
  readonly #opening: { source: Uint8Array; target: Uint8Array };

  /** Flows are kept in `table`, and let in by `admit`; replies leave through `run`. */
  constructor(
    mapping: FlowMapping,
    ports: readonly ListenerPort[],
    { table, run, admit }: { table: FlowTable; run: DatagramRun; admit: Admit },
  ) {
    this.#group = new FlowGroup(mapping);
    this.ports = ports;
    this.#table = table;
    this.#run = run;
    this.#admit = admit;
    this.#opening = { source: new Uint8Array(PACKED_ENDPOINT_BYTES), target: this.#datagram.bytes };
  }

  get mapping(): FlowMapping {
    return this.#group.settings;
  }

  /** How many flows there are now. */
  get flowCount(): number {
    return this.#group.size;
  }

  /** Takes datagram `i` of a batch that has arrived at a port of this listener. */
  receive(port: ListenerPort, batch: DatagramBatch, i: number, nowMs: number): void {
    const { toTarget } = this.#table.traffic;
    const datagram = this.#datagram.showOf(batch, i);
    toTarget.received(datagram.length);
    const flow =
      port.flows.get(batch.sources, batch.locals, i * PACKED_ENDPOINT_BYTES) ?? this.#open(port, batch, i, nowMs);
    if (typeof flow === 'number') toTarget.dropped(flow);
    else flow.toTarget(datagram, nowMs);
  }

  /** Ends all its flows, for a reason out of `FLOW_CLOSE`. */
  end(reason: number, nowMs: number): void {
    this.#group.end(reason, nowMs);
  }

  #open(port: ListenerPort, { sources, locals }: DatagramBatch, i: number, nowMs: number): Flow | number {
    const at = i * PACKED_ENDPOINT_BYTES;
    const target = port.targetOf(locals, at);
    if (target === undefined) return DROP.resolving;
    this.#opening.source.set(sources.subarray(at, at + PACKED_ENDPOINT_BYTES));
    this.#opening.target = target;
    const admitted = this.#admit(this.#opening, nowMs);
    if (typeof admitted === 'number') return admitted;
    const end = new ListenerEnd(port, locals.slice(at, at + PACKED_ENDPOINT_BYTES), this.#run);
    return this.#table.open(this.#opening, [end, admitted], this.#group, nowMs) ?? DROP.flowLimit;
  }
}

/** A source at a port. */
class ListenerEnd implements End, DatagramExit {
  /** Replies leave from the address that was asked, where that is known. */
  readonly local: Uint8Array | undefined;
  readonly #port: ListenerPort;
  readonly #run: DatagramRun;
  readonly #asked: Uint8Array;
  #flow: Flow | undefined;
  /** Whether the source's next datagram belongs to this flow. */
  #isFound = false;

  constructor(port: ListenerPort, asked: Uint8Array, run: DatagramRun) {
    this.#port = port;
    this.#asked = asked;
    this.local = asked.some((byte) => byte !== 0) ? asked : undefined;
    this.#run = run;
  }

  get socket(): DatagramSender {
    return this.#port.socket;
  }

  get destination(): Uint8Array | undefined {
    return this.#flow?.source;
  }

  attach(flow: Flow): void {
    this.#flow = flow;
    this.#isFound = true;
    this.#port.flows.add(flow, this.#asked);
  }

  send(datagram: Datagram, traffic: Traffic): void {
    this.#run.add(this, traffic, datagram);
  }

  release(): void {
    if (this.#flow === undefined || !this.#isFound) return;
    this.#isFound = false;
    this.#port.flows.remove(this.#flow, this.#asked);
  }

  close(): void {
    this.release();
  }
}
