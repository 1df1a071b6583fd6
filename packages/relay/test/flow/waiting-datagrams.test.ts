import { describe, expect, test } from '@jest/globals';
import { DROP } from '@relay/packet';
import { Datagram } from '../../src/datagram.js';
import { WaitingDatagrams } from '../../src/ends/waiting-datagrams.js';
import { Traffic } from '../../src/traffic.js';

const KIB = 1024;

const view = (bytes: Uint8Array): Datagram => new Datagram().show(bytes, 0, bytes.length);

/** Hands over what waits: the first byte and the length of each. */
function left(waiting: WaitingDatagrams): string[] {
  const all: string[] = [];
  waiting.leave(({ bytes, offset, length }) => all.push(`${bytes[offset] ?? ''} ${length}`));
  return all;
}

describe('datagrams that wait for their socket', () => {
  test('are copies, and leave in order, once', () => {
    const room = { waitingBytes: 0 };
    const waiting = new WaitingDatagrams(room);
    const buffer = new Uint8Array(8);
    for (let i = 1; i <= 3; i++) {
      buffer.fill(i);
      waiting.add(new Datagram().show(buffer, 2, i), new Traffic());
    }
    expect(room.waitingBytes).toBe(6);
    expect(left(waiting)).toEqual(['1 1', '2 2', '3 3']);
    expect(left(waiting)).toEqual([]);
    expect(room.waitingBytes).toBe(0);
  });

  test('are 128 at most, and 64 KiB, and the rest is counted', () => {
    const traffic = new Traffic();
    const many = new WaitingDatagrams({ waitingBytes: 0 });
    for (let i = 0; i < 132; i++) many.add(view(new Uint8Array(1)), traffic);
    expect(traffic.drops.toJSON()).toEqual({ 'queue-full': 4 });
    expect(left(many)).toHaveLength(128);
    const large = new WaitingDatagrams({ waitingBytes: 0 });
    for (const length of [60 * KIB, 4 * KIB, 1]) large.add(view(new Uint8Array(length)), traffic);
    expect(traffic.drops.of('queue-full')).toBe(5);
    expect(left(large)).toEqual([`0 ${60 * KIB}`, `0 ${4 * KIB}`]);
  });

  test('of all flows of a client are 1 MiB at most', () => {
    const [room, traffic] = [{ waitingBytes: 0 }, new Traffic()];
    const flows = Array.from({ length: 17 }, () => new WaitingDatagrams(room));
    for (const flow of flows) flow.add(view(new Uint8Array(64 * KIB)), traffic);
    expect(traffic.drops.toJSON()).toEqual({ 'queue-full': 1 });
    flows[0]?.drop(DROP.overloaded);
    expect(traffic.drops.toJSON()).toEqual({ 'queue-full': 1, overloaded: 1 });
    flows[16]?.add(view(new Uint8Array(64 * KIB)), traffic);
    expect(traffic.drops.of('queue-full')).toBe(1);
  });
});
