import { describe, expect, test } from '@jest/globals';
import { createSocket } from '../src/index.js';

describe('a socket', () => {
  test('carries datagrams of every kind of size both ways', async () => {
    await using a = createSocket({ local: { address: '127.0.0.1', port: 0 } });
    await a.open();
    await using b = createSocket({ remote: a.local });
    await b.open();
    for (const size of [0, 1, 200, 1472, 9000, 65507]) {
      const sent = new Uint8Array(size).fill(size & 0xff);
      expect(b.send(sent)).toBe(true);
      for await (const { bytes, source } of a) {
        expect(bytes).toEqual(sent);
        expect(source.port).toBe(b.local.port);
        expect(a.send(bytes, source)).toBe(true);
        break;
      }
      for await (const { bytes } of b) {
        expect(bytes).toEqual(sent);
        break;
      }
    }
    expect(a.statistics.sentDatagrams).toBe(6);
  });
});
