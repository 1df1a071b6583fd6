import { describe, expect, test } from '@jest/globals';
import {
  formatEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';
import { SocketError, type UdpSocket } from '@relay/socket';
import { SharedSocket, SocketSharing } from '../../src/ends/shared-socket.js';
import { ListenerPort, type Listener } from '../../src/index.js';
import { packed, Pair } from './pair.js';

const LIMITS = { maxFlows: 10_000, maxFlowsPerClient: 10_000, idleMs: 60_000 };
const OWN = 16;
const SHARED = 16;

const targetAt = (n: number): Endpoint => ({ address: `9.8.${n >> 8}.${n & 0xff}`, port: 53 });
const sourceAt = (port: number): Endpoint => ({ address: '127.0.0.1', port });

/** A client whose sources send to many targets, each of which answers with its own name. */
class Stage {
  readonly pair: Pair;
  /** `source target`, as replies came. */
  readonly replies: string[] = [];
  /** From where each target was asked last. */
  readonly askedFrom = new Map<number, Endpoint>();
  readonly #listener: Listener;
  readonly #ports: readonly ListenerPort[];
  readonly #targets: UdpSocket[] = [];
  isSilent = false;
  hasDescriptors = true;

  private constructor(pair: Pair, count: number) {
    this.pair = pair;
    const sender = {
      sendBatch: ({ bytes, offsets, lengths, destinations = new Uint8Array(0), count: sent }: SentBatch) => {
        for (let i = 0; i < sent; i++) {
          const { port } = unpackEndpoint(destinations, i * PACKED_ENDPOINT_BYTES);
          const [from, length] = [offsets[i] ?? 0, lengths[i] ?? 0];
          this.replies.push(`${port} ${Buffer.from(bytes.subarray(from, from + length)).toString()}`);
        }
        return sent;
      },
    };
    this.#ports = Array.from({ length: count }, (_, n) =>
      Object.assign(new ListenerPort(sender), { target: packed(targetAt(n)) }),
    );
    this.#listener = pair.client.newListener({ idleMs: 60_000, maxFlows: 20_000 }, this.#ports);
  }

  static async open(count: number): Promise<Stage> {
    const exhaust = (socket: UdpSocket): void => {
      const open = socket.open.bind(socket);
      socket.open = () =>
        stage.hasDescriptors ? open() : Promise.reject(new SocketError('too-many-open-files', 'open'));
    };
    const stage: Stage = new Stage(await Pair.open(LIMITS, {}, exhaust), count);
    for (let n = 0; n < count; n++) await stage.#openTarget(n);
    return stage;
  }

  async #openTarget(n: number): Promise<void> {
    const target = targetAt(n);
    const socket = this.pair.network.host(target.address).createSocket({ local: target });
    socket.onReceive = ({ count, sources }) => {
      for (let i = 0; i < count; i++) {
        const from = unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES);
        this.askedFrom.set(n, from);
        if (!this.isSilent) socket.send(Buffer.from(`${n}`), from);
      }
    };
    this.#targets[n] = socket;
    await socket.open();
  }

  /** A source, named by its port, asks target `n`. */
  ask(source: number, n: number): void {
    const port = this.#ports[n];
    if (port === undefined) throw new Error(`there is no target ${n}`);
    const bytes = Buffer.from('x');
    const batch: DatagramBatch = {
      ...{ count: 1, bytes, offsets: Uint32Array.of(0), lengths: Uint32Array.of(1) },
      ...{ sources: packed(sourceAt(source)), locals: new Uint8Array(PACKED_ENDPOINT_BYTES) },
    };
    this.pair.client.receiveFromSources(this.#listener, port, batch, this.pair.nowMs);
    this.pair.settle();
  }

  /** Target `n` sends this to the endpoint of the server from which it was asked last. */
  send(n: number, text: string): void {
    const to = this.askedFrom.get(n);
    if (to !== undefined) this.#targets[n]?.send(Buffer.from(text), to);
  }

  async closeTarget(n: number): Promise<void> {
    await this.#targets[n]?.close();
  }

  endFlows(): void {
    this.#listener.end(0, this.pair.nowMs);
    this.pair.settle();
  }

  /** How many endpoints of the server the targets have seen. */
  get serverPorts(): number {
    return new Set([...this.askedFrom.values()].map(formatEndpoint)).size;
  }

  get drops(): Readonly<Record<string, number>> {
    return this.pair.server.figures().forward.fromTarget.drops;
  }

  expectConservation(): void {
    const { toTarget, fromTarget } = this.pair.server.figures().forward;
    for (const { inDatagrams, outDatagrams, drops } of [toTarget, fromTarget]) {
      const dropped = Object.values(drops as Record<string, number>).reduce((sum, count) => sum + count, 0);
      expect(outDatagrams + dropped).toBe(inDatagrams);
    }
  }
}

type SentBatch = Parameters<ListenerPort['socket']['sendBatch']>[0];

describe('the flows of one client to different targets', () => {
  test('share a socket beyond the first ones, and each reply finds its source', async () => {
    const stage = await Stage.open(1000);
    for (let n = 0; n < 1000; n++) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    expect(stage.replies.toSorted()).toEqual(Array.from({ length: 1000 }, (_, n) => `${2000 + n} ${n}`).toSorted());
    expect([stage.pair.openTargetSockets, stage.serverPorts]).toEqual([OWN + 1, OWN + 1]);
    expect(stage.pair.server.figures().flows).toBe(1000);
    stage.expectConservation();
    stage.endFlows();
    await stage.pair.pass(1000);
    expect([stage.pair.openTargetSockets, stage.pair.server.figures().flows]).toEqual([0, 0]);
  });

  test('keep their ports as long as they go on', async () => {
    const stage = await Stage.open(100);
    for (let n = 0; n < 100; n++) stage.ask(2000, n);
    await stage.pair.pass(1000);
    const before = new Map(stage.askedFrom);
    for (let n = 0; n < 100; n++) stage.ask(2000, n);
    await stage.pair.pass(1000);
    expect(stage.askedFrom).toEqual(before);
    expect(stage.replies).toHaveLength(200);
  });
});

describe('flows of one client to one target', () => {
  test('have a socket each, so that the target tells them apart', async () => {
    const stage = await Stage.open(1);
    for (let source = 0; source < 60; source++) stage.ask(2000 + source, 0);
    await stage.pair.pass(1000);
    expect(stage.replies).toHaveLength(60);
    expect(new Set(stage.replies).size).toBe(60);
    expect(stage.pair.openTargetSockets).toBe(60);
  });

  test('share with flows to others', async () => {
    const stage = await Stage.open(30);
    for (let source = 0; source < 30; source++) for (let n = 0; n < 30; n++) stage.ask(2000 + source, n);
    await stage.pair.pass(1000);
    expect(stage.replies).toHaveLength(900);
    expect(new Set(stage.replies).size).toBe(900);
    // To each target 30 flows: 16 of them at most share, the others have their own.
    expect(stage.pair.openTargetSockets).toBeLessThanOrEqual(OWN + SHARED + 30 * (30 - SHARED));
    stage.expectConservation();
  });
});

describe('a socket that flows share', () => {
  /** All flows but the first ones share. */
  async function sharing(): Promise<Stage> {
    const stage = await Stage.open(OWN + 4);
    for (let n = 0; n < OWN + 4; n++) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    stage.replies.length = 0;
    return stage;
  }

  test('takes nothing from endpoints that nobody asked, and counts it', async () => {
    const stage = await sharing();
    const shared = stage.askedFrom.get(OWN);
    stage.askedFrom.set(0, shared ?? targetAt(0));
    stage.send(0, 'forged');
    await stage.pair.pass(1000);
    expect(stage.replies).toEqual([]);
    expect(stage.drops).toEqual({ 'unexpected-source': 1 });
    stage.expectConservation();
  });

  test('brings no late reply to another source', async () => {
    const stage = await sharing();
    const [flow] = [...stage.pair.client.flows].filter(({ source }) => source[16] === ((2000 + OWN) & 0xff));
    const before = stage.askedFrom.get(OWN);
    flow?.end(0, stage.pair.nowMs);
    stage.pair.settle();
    await stage.pair.pass(100);
    stage.isSilent = true;
    stage.ask(3000, OWN);
    await stage.pair.pass(100);
    expect(stage.askedFrom.get(OWN)).not.toEqual(before);
    if (before !== undefined) stage.askedFrom.set(OWN, before);
    stage.send(OWN, 'late');
    await stage.pair.pass(100);
    expect(stage.replies).toEqual([]);
    expect(stage.drops).toEqual({ 'unknown-flow': 1 });
    stage.expectConservation();
  });

  test('has a place for the same target again after some seconds', async () => {
    const stage = await sharing();
    const [flow] = [...stage.pair.client.flows].filter(({ source }) => source[16] === ((2000 + OWN) & 0xff));
    const before = stage.askedFrom.get(OWN);
    flow?.end(0, stage.pair.nowMs);
    stage.pair.settle();
    await stage.pair.pass(6000);
    stage.ask(3000, OWN);
    await stage.pair.pass(100);
    expect(stage.askedFrom.get(OWN)).toEqual(before);
    expect(stage.replies).toEqual([`3000 ${OWN}`]);
  });

  test('tells only the flow whose target cannot be reached', async () => {
    const stage = await sharing();
    await stage.closeTarget(OWN);
    for (const n of [OWN, OWN + 1]) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    expect(stage.replies).toEqual([`${2001 + OWN} ${OWN + 1}`]);
    const refused = stage.pair.clientEvents.flatMap((event) => (event.kind === 'refused' ? [event] : []));
    expect(refused).toMatchObject([{ reason: 'unreachable' }]);
    expect(stage.pair.server.figures().targetErrors).toEqual({ 'connection-refused': 1 });
    const failed = stage.pair.serverEvents.flatMap((event) => (event.kind === 'target-failed' ? [event] : []));
    expect(failed.map(({ target }) => formatEndpoint(unpackEndpoint(target, 0)))).toEqual([
      formatEndpoint(targetAt(OWN)),
    ]);
  });

  test('that cannot be opened ends the flows that wait for it, each with its reason', async () => {
    const stage = await Stage.open(OWN + 4);
    for (let n = 0; n < OWN; n++) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    stage.hasDescriptors = false;
    for (let n = OWN; n < OWN + 4; n++) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    expect(stage.pair.server.figures().flows).toBe(OWN);
    expect(stage.pair.server.figures().forward.toTarget.drops).toEqual({ overloaded: 4 });
    expect(stage.pair.shortages).toBeGreaterThan(0);
    stage.hasDescriptors = true;
    await stage.pair.pass(10_000); // until the client tries it again
    for (let n = OWN; n < OWN + 4; n++) stage.ask(2000 + n, n);
    await stage.pair.pass(1000);
    expect(stage.pair.server.figures().flows).toBe(OWN + 4);
    expect(stage.replies).toHaveLength(OWN + 4);
    stage.expectConservation();
  });
});

describe('the sharing of one client', () => {
  const ipv4 = packed({ address: '192.0.2.1', port: 53 });
  const ipv6 = packed({ address: '2001:db8::1', port: 53 });
  const linkLocal = packed({ address: 'fe80::1', port: 53 });
  const nowhere = {
    engine: 'memory',
    local: { address: '0.0.0.0', port: 1 },
    state: 'open',
    onReceive: ignore,
    onError: ignore,
    onKernelDrops: ignore,
    open: done,
    close: done,
  } as const;
  const newSocket = (isIpv4: boolean) => new SharedSocket<string>({ ...nowhere, sendBatch: () => 0 }, isIpv4);

  test('begins after the first flows, and leaves out targets whose replies name an interface', () => {
    const sharing = new SocketSharing<string>();
    sharing.own = OWN - 1;
    expect(sharing.isDue(ipv4)).toBe(false);
    sharing.own = OWN;
    expect([ipv4, ipv6, linkLocal].map((target) => sharing.isDue(target))).toEqual([true, true, false]);
  });

  test('keeps both families apart, and has so many sockets of each', () => {
    const sharing = new SocketSharing<string>();
    const shared = newSocket(true);
    sharing.add(shared);
    expect(sharing.find(ipv6, 0)).toBeUndefined();
    expect(sharing.find(ipv4, 0)).toBe(shared);
    for (let i = 1; i < SHARED; i++) sharing.add(newSocket(true));
    expect([sharing.hasRoom(true), sharing.hasRoom(false)]).toEqual([false, true]);
    sharing.remove(shared);
    expect(sharing.hasRoom(true)).toBe(true);
  });
});

function ignore(): void {
  // nobody listens
}

function done(): Promise<void> {
  return Promise.resolve();
}
