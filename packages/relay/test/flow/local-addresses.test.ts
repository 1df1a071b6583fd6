import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '@relay/packet';
import { packed, TwoPeers } from './two-peers.js';

const SOURCE = packed('192.0.2.1', 4000);
const OTHER = packed('192.0.2.2', 4000);
const [FIRST, SECOND] = [packed('198.51.100.1', 53), packed('198.51.100.2', 53)];

function opened() {
  const peers = new TwoPeers('client', 0, { maxFlows: 8, idleMs: 60_000 });
  peers.connect();
  const entrance = peers.entrance(packed('203.0.113.1', 53), 8, 60_000);
  /** The addresses from which the replies to these have left; `system`: of its choice. */
  const replies: string[] = [];
  entrance.port.socket.sendBatch = ({ count, locals }) => {
    for (let i = 0; i < count; i++)
      replies.push(locals === undefined ? 'system' : unpackEndpoint(locals, i * PACKED_ENDPOINT_BYTES).address);
    return count;
  };
  peers.acceptor.arrived = (flow, payload) => peers.reply(flow, payload);
  const ask = (source: Uint8Array, local?: Uint8Array): void => {
    const buffer = local && Uint8Array.from(local);
    peers.send(entrance, source, new Uint8Array(3), buffer);
    buffer?.fill(0xee); // a receive buffer is used again
    peers.pass(0);
  };
  return { peers, entrance, replies, ask };
}

describe('a source that asks several addresses of this host', () => {
  test('has a flow for each, and hears the answers of each from that address', () => {
    const { peers, replies, ask } = opened();
    for (const local of [FIRST, SECOND, FIRST]) ask(SOURCE, local);
    expect(replies).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.1']);
    expect(peers.opener.flows.size).toBe(2);
  });

  test('loses the one flow that ends, and no other source or address does', () => {
    const { peers, entrance, ask } = opened();
    for (const local of [FIRST, SECOND]) for (const source of [SOURCE, OTHER]) ask(source, local);
    entrance.flowOf(SOURCE, FIRST)?.end(0, peers.nowMs);
    const found = [FIRST, SECOND].flatMap((local) =>
      [SOURCE, OTHER].map((source) => entrance.flowOf(source, local) !== undefined),
    );
    expect(found).toEqual([false, true, true, true]);
    entrance.flowOf(OTHER, FIRST)?.end(0, peers.nowMs);
    expect(entrance.flowOf(OTHER, FIRST)).toBeUndefined();
    ask(SOURCE, FIRST);
    expect(entrance.flowOf(SOURCE, FIRST)).toBeDefined();
    expect(peers.opener.flows.size).toBe(3);
  });

  test('hears from an address that the system chooses where the asked address is unknown', () => {
    const { peers, replies, ask } = opened();
    ask(SOURCE);
    ask(SOURCE);
    expect(replies).toEqual(['system', 'system']);
    expect(peers.opener.flows.size).toBe(1);
  });

  test('cannot fill more than the limit of the listener with addresses', () => {
    const { peers, ask } = opened();
    const local = new Uint8Array(PACKED_ENDPOINT_BYTES);
    for (let i = 0; i < 20; i++) {
      packEndpoint({ address: `2001:db8::${i.toString(16)}`, port: 53 }, local, 0);
      ask(SOURCE, local);
    }
    expect(peers.opener.flows.size).toBe(4); // half of the limit: nobody has answered any of them
  });
});
