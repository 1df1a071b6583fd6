import type { BenchmarkCase } from '../case.js';
import { Ends } from './ends.js';
import { engines } from './engines.js';
import { heapBytes } from './heap.js';

const SESSIONS = 50_000;

export const memoryCases: readonly BenchmarkCase[] = [
  {
    name: 'session/memory/idle',
    async run({ smoke }) {
      const sessions = smoke ? 100 : SESSIONS;
      return (await engines()).map((primitives) => {
        const ends = new Ends(primitives);
        // The first sessions also pay for the memory that all of them share.
        for (let count = 0; count < 100; count++) ends.connect(true);
        const before = heapBytes();
        for (let count = 0; count < sessions; count++) ends.connect(true);
        const bytes = (heapBytes() - before) / sessions;
        if (ends.server.sessionCount !== sessions + 100) throw new Error('a session is missing');
        return { subject: `a session at the server, of ${sessions}, ${primitives.name}`, value: bytes, unit: 'bytes' };
      });
    },
  },
];
