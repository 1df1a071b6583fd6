// test/surroundings.test.ts runs this in its own network namespace, whose loopback has a small MTU.
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { ReceiveBatch } from '../../src/index.js';
import { kernelEngines } from '../engines.js';
import { batchOf, LOCALHOST, numbered } from '../exchange.js';

const MTU = 1400;
const LARGE = MTU + 100;
const setMtu = (mtu: number): void => void execFileSync('ip', ['link', 'set', 'lo', 'mtu', String(mtu)]);

describe('a run of datagrams that the kernel refuses', () => {
  afterAll(() => setMtu(MTU));

  test.each(kernelEngines.filter(({ engine }) => engine === 'native'))(
    'passes singly, is counted, and runs are sent again once the path takes them',
    async ({ create }) => {
      const target = create({ local: LOCALHOST });
      await target.open();
      const socket = create({ remote: target.local, pathMtuDiscovery: false });
      await socket.open();
      let [sent, arrived, runs] = [0, 0, 0];
      target.onReceive = ({ count, offsets, lengths }: ReceiveBatch) => {
        arrived += count;
        // Only the datagrams of a run lie back to back.
        if (count > 1 && offsets[1] === (offsets[0] ?? 0) + (lengths[0] ?? 0)) runs++;
      };
      const sendTwo = async (): Promise<void> => {
        socket.sendBatch(batchOf([numbered(1, LARGE), numbered(2, LARGE)]));
        sent += 2;
        while (arrived < sent) await new Promise((resolve) => setImmediate(resolve));
      };
      setMtu(MTU);
      await sendTwo();
      await sendTwo(); // the kernel is not asked each time
      expect(socket.statistics).toMatchObject({ refusedRuns: 1, sendFailures: 0, sentDatagrams: 4 });
      setMtu(65_536);
      while (runs === 0) await sendTwo();
      expect(socket.statistics).toMatchObject({ refusedRuns: 1, sendFailures: 0 });
      await Promise.all([target.close(), socket.close()]);
    },
  );
});
