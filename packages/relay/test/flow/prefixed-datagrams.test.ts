import { expect, test } from '@jest/globals';
import { DatagramRun, type DatagramExit } from '../../src/batch/datagram-run.js';
import { PrefixedDatagrams } from '../../src/batch/prefixed-datagrams.js';
import { Datagram } from '../../src/datagram.js';
import { Traffic } from '../../src/traffic.js';

test('datagrams behind a prefix leave whole and in order, however many wait at once', () => {
  const sent: string[] = [];
  const run = new DatagramRun();
  const prefixed = new PrefixedDatagrams(run);
  const traffic = new Traffic();
  const exit: DatagramExit = {
    socket: {
      sendBatch: ({ bytes, offsets, lengths, count }) => {
        for (let i = 0; i < count; i++) {
          const [offset, length] = [offsets[i] ?? 0, lengths[i] ?? 0];
          const [first, ...rest] = [bytes[offset] ?? 0, bytes[offset + 2] ?? 0, bytes[offset + length - 1] ?? 0];
          sent.push(`${String.fromCharCode(first)}${rest.join(' ')} ${length}`);
        }
        return count;
      },
    },
    destination: undefined,
    local: undefined,
  };
  for (let i = 0; i < 200; i++) {
    const payload = new Uint8Array(20_000 + i).fill(i);
    run.add(exit, traffic, prefixed.join(Buffer.from('P:'), new Datagram().show(payload, 10, payload.length - 10)));
  }
  run.flush();
  expect(sent).toEqual(Array.from({ length: 200 }, (_, i) => `P${i} ${i} ${19_992 + i}`));
  expect(traffic.outDatagrams).toBe(200);
});
