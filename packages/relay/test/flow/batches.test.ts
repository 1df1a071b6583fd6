import { describe, expect, test } from '@jest/globals';
import {
  DROP_REASONS,
  dropCode,
  DropCounters,
  FLOW_CLOSE,
  FragmentFields,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type SendBatch,
} from '@relay/packet';
import { closeReasonOf, refusalCode, refusalOf } from '../../src/ends/close-reason.js';
import { DatagramRun, type DatagramSender } from '../../src/batch/datagram-run.js';
import { Datagram } from '../../src/datagram.js';
import { FlowIds } from '../../src/flow/flow-ids.js';
import { Fragments } from '../../src/ends/fragments.js';
import { IdleQueue } from '../../src/flow/idle-queue.js';
import { PacketBatch } from '../../src/batch/packet-batch.js';
import { ModeTraffic, Traffic } from '../../src/traffic.js';
import { OFFSET_PATH_LOCAL, packPath } from '@relay/session';

const HERE = packPath({ address: '192.0.2.1', port: 1000 });
const THERE = packPath({ address: '2001:db8::1', port: 2000 });
const OURS = packPath({ address: '198.51.100.1', port: 1 }, { address: '192.0.2.254', port: 7878 });

type Sent = readonly [payload: string, destination: string, ...local: string[]];

/** Remembers what it is given, and takes as much of it as it is told. */
class Recorder implements DatagramSender {
  readonly batches: Sent[][] = [];
  takes = Infinity;

  sendBatch({ bytes, count, offsets, lengths, destinations, locals }: SendBatch): number {
    const sent = Array.from({ length: count }, (_, i): Sent => {
      const offset = offsets[i] ?? 0;
      const destination = destinations && unpackEndpoint(destinations, i * PACKED_ENDPOINT_BYTES);
      const local = locals && unpackEndpoint(locals, i * PACKED_ENDPOINT_BYTES);
      return [
        Buffer.from(bytes.subarray(offset, offset + (lengths[i] ?? 0))).toString(),
        destination === undefined ? 'connected' : `${destination.address} ${destination.port}`,
        ...(local === undefined || local.port === 0 ? [] : [`from ${local.address}`]),
      ];
    });
    this.batches.push(sent);
    return Math.min(count, this.takes);
  }
}

describe('PacketBatch', () => {
  const add = (batch: PacketBatch, text: string, destination: Uint8Array, traffic?: Traffic): void => {
    const at = batch.reserve(text.length);
    batch.bytes.set(Buffer.from(text), at);
    batch.add(text.length, destination, 0, traffic, 1);
  };

  test('packets lie one behind another and leave in one send, each to its destination', () => {
    const recorder = new Recorder();
    const batch = new PacketBatch((full) => recorder.sendBatch(full));
    add(batch, 'one', HERE);
    add(batch, 'three', THERE);
    batch.addCopy(Buffer.from('..copy..'), 2, 4, OURS, 0);
    expect([...batch.offsets.subarray(0, 3)]).toEqual([0, 3, 8]);
    batch.flush();
    batch.flush();
    expect(recorder.batches).toEqual([
      [
        ['one', '192.0.2.1 1000'],
        ['three', '2001:db8::1 2000'],
        ['copy', '198.51.100.1 1', 'from 192.0.2.254'],
      ],
    ]);
  });

  test('a batch that is full by packets or by bytes is sent before more is added', () => {
    const recorder = new Recorder();
    const batch = new PacketBatch((full) => recorder.sendBatch(full));
    for (let i = 0; i < 65; i++) add(batch, 'x', HERE);
    expect(recorder.batches.map((sent) => sent.length)).toEqual([64]);
    batch.flush();
    for (let i = 0; i < 3; i++) add(batch, 'x'.repeat(60_000), HERE);
    expect(recorder.batches.map((sent) => sent.length)).toEqual([64, 1, 2]);
  });

  test('packets that the socket does not take are counted for their own traffic', () => {
    const recorder = new Recorder();
    recorder.takes = 2;
    const batch = new PacketBatch((full) => recorder.sendBatch(full));
    const [mine, other] = [new Traffic(), new Traffic()];
    for (const traffic of [mine, other, undefined, mine, other, other]) add(batch, 'x', HERE, traffic);
    batch.flush();
    expect([mine.outDatagrams, mine.outBytes, mine.drops.of('queue-full')]).toEqual([1, 1, 1]);
    expect([other.outDatagrams, other.outBytes, other.drops.of('queue-full')]).toEqual([1, 1, 2]);
    expect(batch.dropped).toBe(4);
  });
});

describe('DatagramRun', () => {
  const add = (
    run: DatagramRun,
    socket: DatagramSender,
    traffic: Traffic,
    [bytes, offset, length]: [Uint8Array, number, number],
    ...[destination, local]: (Uint8Array | undefined)[]
  ): void => run.add({ socket, destination, local }, traffic, new Datagram().show(bytes, offset, length));

  test('datagrams leave together as long as socket, buffer, traffic and way of addressing are the same', () => {
    const [one, two] = [new Recorder(), new Recorder()];
    const [traffic, otherTraffic] = [new Traffic(), new Traffic()];
    const [bytes, otherBytes] = [Buffer.from('abcdef'), Buffer.from('ghijkl')];
    const run = new DatagramRun();
    add(run, one, traffic, [bytes, 0, 2], HERE);
    add(run, one, traffic, [bytes, 4, 1], THERE);
    add(run, one, traffic, [bytes, 3, 1], THERE, OURS.subarray(OFFSET_PATH_LOCAL));
    add(run, one, traffic, [bytes, 5, 1], HERE, OURS.subarray(OFFSET_PATH_LOCAL));
    add(run, one, traffic, [bytes, 2, 0]);
    add(run, one, traffic, [otherBytes, 0, 1]);
    add(run, two, traffic, [otherBytes, 1, 1]);
    add(run, two, otherTraffic, [otherBytes, 2, 1]);
    run.flush();
    run.flush();
    expect(one.batches).toEqual([
      [
        ['ab', '192.0.2.1 1000'],
        ['e', '2001:db8::1 2000'],
      ],
      [
        ['d', '2001:db8::1 2000', 'from 192.0.2.254'],
        ['f', '192.0.2.1 1000', 'from 192.0.2.254'],
      ],
      [['', 'connected']],
      [['g', 'connected']],
    ]);
    expect(two.batches).toEqual([[['h', 'connected']], [['i', 'connected']]]);
    expect([traffic.outDatagrams, traffic.outBytes, otherTraffic.outDatagrams]).toEqual([7, 7, 1]);
  });

  test('64 datagrams are a full run', () => {
    const recorder = new Recorder();
    const run = new DatagramRun();
    const [bytes, traffic] = [new Uint8Array(1), new Traffic()];
    for (let i = 0; i < 130; i++) add(run, recorder, traffic, [bytes, 0, 1]);
    run.flush();
    expect(recorder.batches.map((sent) => sent.length)).toEqual([64, 64, 2]);
  });

  test('datagrams that the socket does not take are counted', () => {
    const recorder = new Recorder();
    recorder.takes = 1;
    const run = new DatagramRun();
    const [bytes, traffic] = [new Uint8Array(5), new Traffic()];
    for (let i = 0; i < 3; i++) add(run, recorder, traffic, [bytes, 0, i]);
    run.flush();
    expect(traffic.toJSON()).toEqual({
      ...{ inDatagrams: 0, inBytes: 0, outDatagrams: 1, outBytes: 0 },
      drops: { 'queue-full': 2 },
    });
  });
});

describe('Traffic', () => {
  test('a datagram that could not be sent after all is a drop', () => {
    const { toTarget } = new ModeTraffic();
    toTarget.received(10);
    toTarget.sent(10);
    toTarget.unsent(1, dropCode('send-failed'));
    expect(toTarget.inDatagrams).toBe(toTarget.outDatagrams + toTarget.drops.total);
    expect(toTarget.drops.toJSON()).toEqual({ 'send-failed': 1 });
  });
});

describe('FlowIds', () => {
  test.each([
    ['client', 0xffff_fffc, [0xffff_fffc, 0xffff_fffe, 0, 2]],
    ['server', 0xffff_fffd, [0xffff_fffd, 0xffff_ffff, 1, 3]],
  ] as const)('after the largest id the %s begins again with its own', (side, first, expected) => {
    const ids = new FlowIds(side, first);
    expect(expected.map(() => ids.take(() => false))).toEqual(expected);
  });

  test('ids in use are passed over, however many there are', () => {
    const ids = new FlowIds('client', 0xffff_fffe);
    const used = new Set(Array.from({ length: 100_000 }, (_, i) => i * 2));
    expect(ids.take((id) => used.has(id))).toBe(0xffff_fffe);
    expect(ids.take((id) => used.has(id))).toBe(200_000);
  });
});

describe('Fragments', () => {
  const fragment = (id: number): FragmentFields =>
    Object.assign(new FragmentFields(), { id, total: 4, count: 2, index: 0, pieceOffset: 0, pieceLength: 2 });
  const limits = { maxBytes: 100, maxDatagrams: 4, timeoutMs: 1000 };

  test.each([
    ['one incomplete datagram is', [900]],
    ['two incomplete datagrams are', [100, 900]],
  ])('%s given up in time though nothing more comes', (_what, times) => {
    const [idle, drops] = [new IdleQueue(), new DropCounters()];
    const fragments = new Fragments(limits, idle, drops);
    for (const [id, nowMs] of times.entries()) fragments.add(fragment(id), new Uint8Array(2), nowMs);
    idle.expire(1750);
    expect(drops.toJSON()).toEqual({});
    idle.expire(2250);
    expect(drops.toJSON()).toEqual({ 'reassembly-timeout': times.length });
    expect(idle.size).toBe(0);
  });

  test('are forgotten with their session', () => {
    const [idle, drops] = [new IdleQueue(), new DropCounters()];
    const fragments = new Fragments(limits, idle, drops);
    fragments.add(fragment(1), new Uint8Array(2), 100);
    fragments.clear();
    expect(idle.size).toBe(0);
    expect(drops.total).toBe(1);
    // The next session's fragments may have the same ids.
    const second = Object.assign(fragment(1), { index: 1 });
    expect(fragments.add(second, new Uint8Array(2), 200)).toBe(0);
  });
});

describe('IdleQueue', () => {
  test('an entry that another removes as it expires does not expire', () => {
    const queue = new IdleQueue();
    const expired: string[] = [];
    const entry = (name: string, alsoRemoves: () => void): Parameters<IdleQueue['add']>[0] => ({
      ...{ lastActivityMs: 0, idleMs: 1000 },
      expire: () => {
        expired.push(name);
        alsoRemoves();
      },
    });
    const second = entry('second', () => undefined);
    queue.add(entry('first', () => queue.remove(second)));
    queue.add(second);
    queue.expire(2000);
    expect(expired).toEqual(['first']);
    expect(queue.size).toBe(0);
  });
});

describe('close reasons', () => {
  test('every drop reason has a number for the wire, and what a peer reads from it is a drop reason again', () => {
    const numbers: readonly number[] = Object.values(FLOW_CLOSE);
    for (const reason of DROP_REASONS) {
      const number = closeReasonOf(dropCode(reason));
      expect(numbers).toContain(number);
      const read = refusalOf(number);
      if (read !== undefined) expect(closeReasonOf(refusalCode(read))).toBe(number);
    }
  });

  test.each([FLOW_CLOSE.closed, FLOW_CLOSE.idle, 8, 255])('%i is no refusal', (number) => {
    expect(refusalOf(number)).toBeUndefined();
  });
});
