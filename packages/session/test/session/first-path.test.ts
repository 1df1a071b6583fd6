import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { packed, TwoEnds } from '../two-ends.js';

describe('a session whose first packet comes from elsewhere than its handshake', () => {
  const elsewhere = packed('203.0.113.9', 9);

  function begun(): TwoEnds {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes, elsewhere);
    return ends;
  }

  test('goes there', () => {
    const ends = begun();
    expect(ends.serverEvents()).toContain('connected');
    expect(ends.serverSession.endpoint).toEqual(elsewhere.slice(0, PACKED_ENDPOINT_BYTES));
    ends.server.wake(ends.nowMs);
    const destinations = ends.serverEnd.sent.map(({ destination }) => Buffer.from(destination).equals(elsewhere));
    expect(destinations.length).toBeGreaterThan(0);
    expect(destinations).not.toContain(false);
  });

  test('sends little there until that address has proven itself', () => {
    const ends = begun();
    const { serverSession } = ends;
    const seal = (): number => serverSession.seal(new Uint8Array(1400), 0, 1200, ends.nowMs);
    expect(dropReasonOf(seal())).toBe('path-unvalidated');
    ends.clientAddress = elsewhere;
    ends.pass(1000);
    expect(ends.serverEvents()).toContain('path-validated');
    expect(seal()).toBeGreaterThan(1200);
  });
});
