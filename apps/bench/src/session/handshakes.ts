import type { ClientChannel, Primitives } from '@relay/session';
import type { BenchmarkCase, Measurement } from '../case.js';
import { Ends, NOW_MS } from './ends.js';
import { engines } from './engines.js';

const HANDSHAKES = 400;
const ROUNDS = 9;
/** Rounds that do not count, until the code is compiled. */
const WARM_UP_ROUNDS = 4;

/**
 * Measures the server's part of whole handshakes: the answer to the initiation, the first packet,
 * and the parameters.
 */
function measure(
  primitives: Primitives,
  [warmUpRounds, rounds]: readonly [number, number],
  handshakes: number,
): Measurement {
  const rates: number[] = [];
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    const ends = new Ends(primitives);
    const clients: ClientChannel[] = [];
    const initiations = Array.from({ length: handshakes }, () => {
      const client = ends.newClient();
      clients.push(client);
      client.connect(NOW_MS, Date.now());
      return ends.takeFromClients();
    });
    const initiated = cpuSeconds(() => receiveAll(ends, initiations));
    const first = ends.toClient.splice(0).map((response, index) => {
      const client = clients[index];
      if (client !== undefined) ends.answer(client, response);
      return ends.takeFromClients();
    });
    const confirmed = cpuSeconds(() => receiveAll(ends, first));
    if ([...ends.server.sessions()].length !== handshakes) throw new Error('a handshake failed');
    if (round >= warmUpRounds) rates.push(handshakes / (initiated + confirmed));
  }
  const value = rates.sort((a, b) => a - b)[rates.length >> 1] ?? 0;
  return { subject: `whole handshakes, ${primitives.name}`, value, unit: 'handshakes/s of CPU' };
}

function receiveAll(ends: Ends, packets: readonly Uint8Array[]): void {
  for (const packet of packets) {
    if (ends.receive(packet, packet.length) !== 0) throw new Error('a packet was refused');
  }
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export const handshakeCases: readonly BenchmarkCase[] = [
  {
    name: 'session/handshakes/answered',
    async run({ smoke }) {
      return (await engines()).map((primitives) =>
        smoke ? measure(primitives, [0, 1], 10) : measure(primitives, [WARM_UP_ROUNDS, ROUNDS], HANDSHAKES),
      );
    },
  },
];
