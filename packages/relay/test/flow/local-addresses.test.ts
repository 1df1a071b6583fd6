import { describe, expect, test } from '@jest/globals';
import { packed, TwoPeers } from './two-peers.js';

const SOURCE = packed('192.0.2.1', 4000);
const [FIRST, SECOND] = [packed('198.51.100.1', 53), packed('198.51.100.2', 53)];

describe('a flow whose source asked one of several addresses of ours', () => {
  const opened = () => {
    const peers = new TwoPeers('client', 0, { maxFlows: 8, idleMs: 60_000 });
    peers.connect();
    const { flows } = peers.opener;
    const entrance = peers.entrance(packed('203.0.113.1', 53), 8, 60_000);
    const ask = (local: Uint8Array | undefined): void => {
      flows.fromSource(entrance, SOURCE, local, 0, new Uint8Array(3), 0, 3, peers.nowMs);
    };
    return { flows, ask };
  };

  test('answers from that one, and from another once the source asks that', () => {
    const { flows, ask } = opened();
    const locals = [FIRST, SECOND, FIRST].map((asked) => {
      const buffer = Uint8Array.from(asked);
      ask(buffer);
      buffer.fill(0xee); // a receive buffer is used again
      return [...flows].map(({ local }) => local && Uint8Array.from(local));
    });
    expect(locals).toEqual([[FIRST], [SECOND], [FIRST]]);
  });

  test('leaves the choice to the system where it is not told', () => {
    const { flows, ask } = opened();
    ask(undefined);
    ask(undefined);
    expect([...flows].map(({ local }) => local)).toEqual([undefined]);
  });
});
