import { describe, expect, test } from '@jest/globals';
import { loadPrimitives, nodePrimitives, type Primitives } from '@relay/session';
import { World } from './world/world.js';

const PATH = { lossRate: 0.1, jitterMs: 20, reorderRate: 0.05, duplicateRate: 0.05 };

async function traceOf(seed: number, primitives: Primitives): Promise<unknown> {
  const world = await World.open({ seed, primitives, path: PATH });
  await world.pass(3000);
  world.moveClient();
  await world.pass(2000);
  world.killServer();
  await world.pass(500);
  await world.startServer();
  await world.pass(5000);
  const { client, server, network, trace } = world;
  return {
    trace,
    lost: network.lostDatagrams,
    client: [client.relay.socket.statistics, client.relay.shard.packetDrops.toJSON(), client.forward],
    server: [server.relay.socket.statistics, server.relay.figures()],
  };
}

describe('a simulation', () => {
  test('is the same for the same seed with every engine of keys, and differs for another seed', async () => {
    const primitives = await loadPrimitives();
    const once = await traceOf(1, primitives);
    expect(once).toMatchObject({ trace: expect.arrayContaining([expect.stringMatching(/client connected/)]) });
    expect(await traceOf(1, primitives)).toEqual(once);
    expect(await traceOf(1, nodePrimitives)).toEqual(once);
    expect(await traceOf(2, primitives)).not.toEqual(once);
  });
});
