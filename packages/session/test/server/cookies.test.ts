// Whoever knows the server's public key could have it compute and send a cookie for each forged
// source, 17,000 a second.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf } from '@relay/packet';
import { openXaead, XaeadSealer } from '../../src/crypto/xaead.js';
import { ENGINES } from '../engines.js';
import { packed, TwoEnds } from '../two-ends.js';

/** A server under load, and an initiation without a cookie. */
function loaded(): { readonly ends: TwoEnds; readonly initiation: Uint8Array } {
  const ends = new TwoEnds();
  ends.server.setLoad('loaded', ends.nowMs);
  ends.client.connect(ends.nowMs, ends.wallMs);
  const [sent] = ends.clientEnd.sent.splice(0);
  return { ends, initiation: sent?.bytes ?? new Uint8Array() };
}

describe('cookies', () => {
  test('go out 5,000 times a second at most, whoever asks', () => {
    const { ends, initiation } = loaded();
    let cookies = 0;
    for (let source = 0; source < 20_000; source++) {
      ends.toServer(initiation, packed(`10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`, 5000));
      cookies += ends.serverEnd.sent.splice(0).length;
    }
    expect(cookies).toBe(5000);
    ends.nowMs += 1000;
    expect(dropReasonOf(ends.toServer(initiation))).toBe('cookie-required');
  });

  test('go to one address 100 times a second at most in the long run, however many ports it has', () => {
    const { ends, initiation } = loaded();
    let cookies = 0;
    for (let round = 0; round < 100; round++) {
      ends.nowMs += 100;
      for (let port = 1; port <= 100; port++) ends.toServer(initiation, packed('203.0.113.1', port));
      cookies += ends.serverEnd.sent.splice(0).length;
    }
    expect(cookies).toBeLessThanOrEqual(2000 + 10 * 100);
    expect(dropReasonOf(ends.toServer(initiation, packed('203.0.113.1', 1)))).toBe('rate-limited');
    expect(dropReasonOf(ends.toServer(initiation, packed('203.0.113.2', 1)))).toBe('cookie-required');
  });
});

describe.each(ENGINES)('texts that %s seals under one prefix', (_name, primitives) => {
  test('open as XChaCha20-Poly1305, each under a nonce of its own, and no other way', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
    const sealer = new XaeadSealer(primitives, key, (bytes) => bytes.fill(0x5a));
    const nonces = new Set<string>();
    for (let number = 0; number < 50; number++) {
      const text = new Uint8Array(16).fill(number);
      const additional = new Uint8Array(16).fill(number + 1);
      const into = new Uint8Array(100).fill(0xff);
      sealer.seal(into, 3, 40, text, additional);
      const nonce = into.subarray(3, 27);
      const sealed = into.subarray(40, 72);
      nonces.add(String(nonce));
      expect(openXaead(key, nonce, sealed, additional)).toEqual(text);
      expect(openXaead(key, nonce, sealed, text)).toBeUndefined();
      expect([into[2], into[27], into[39], into[72]]).toEqual([0xff, 0xff, 0xff, 0xff]);
    }
    expect(nonces.size).toBe(50);
  });
});
