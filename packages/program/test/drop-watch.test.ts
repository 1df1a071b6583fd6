import { expect, test } from '@jest/globals';
import { DropWatch } from '../src/drop-watch.js';
import type { ProgramStatus } from '../src/index.js';

const NOTHING = { inDatagrams: 0, inBytes: 0, outDatagrams: 0, outBytes: 0, drops: {} };

function statusWith(refused: number, published: number, lost = [0, 0]): ProgramStatus {
  const [replies = 0, packets = 0] = lost;
  const mode = (drops: number) => ({
    toTarget: { ...NOTHING, drops: { 'flow-limit': drops } },
    fromTarget: { ...NOTHING, drops: { 'kernel-buffer-full': replies } },
  });
  return {
    ...{ program: 'a-program', pid: 1, upMs: 1, engine: 'none', flows: 0 },
    forward: mode(refused),
    ...{ publish: { ...mode(published), fromTarget: NOTHING } },
    packets: {
      in: 0,
      inBytes: 0,
      out: 0,
      outBytes: 0,
      unsent: 0,
      kernelDrops: 0,
      drops: { 'kernel-buffer-full': packets },
    },
    health: { eventLoopDelayMs: 0, eventLoopUtilization: 0, cpu: 0, memoryBytes: 0, heapBytes: 0 },
  };
}

test('flows that a limit refuses are told in the log, with how many datagrams since the last look', () => {
  const told: unknown[] = [];
  const watch = new DropWatch({ warn: (message, fields) => void told.push([message, fields]) });
  watch.look(statusWith(0, 0));
  expect(told).toEqual([]);
  watch.look(statusWith(2, 1));
  watch.look(statusWith(2, 1));
  watch.look(statusWith(2, 5));
  const message = expect.stringMatching(/^a limit of flows is reached: new flows are refused \(maxFlows/);
  expect(told).toEqual([
    [message, { datagrams: 3 }],
    [message, { datagrams: 4 }],
  ]);
});

test('what the kernel drops is told too, of datagrams and of packets', () => {
  const told: unknown[] = [];
  const watch = new DropWatch({ warn: (message, fields) => void told.push([message, fields]) });
  watch.look(statusWith(0, 0, [3, 4]));
  watch.look(statusWith(0, 0, [3, 4]));
  watch.look(statusWith(0, 0, [4, 4]));
  const message = expect.stringMatching(/^the kernel dropped datagrams: .*receiveBuffer/);
  expect(told).toEqual([
    [message, { datagrams: 7 }],
    [message, { datagrams: 1 }],
  ]);
});
