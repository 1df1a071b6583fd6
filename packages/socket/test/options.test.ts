import { describe, expect, test } from '@jest/globals';
import { SEND_QUEUE_BYTES, SocketError, type SocketOptions } from '../src/index.js';
import { resolveOptions } from '../src/socket-options.js';

describe('the options of a socket', () => {
  test('have the documented defaults', () => {
    expect(resolveOptions({})).toEqual({
      local: { address: '0.0.0.0', port: 0 },
      remote: undefined,
      family: 4,
      dualStack: false,
      receiveBufferBytes: 0,
      sendBufferBytes: 0,
      sendQueueBytes: 1 << 20,
      closeTimeoutMs: 1000,
      reusePort: false,
      steering: undefined,
      pathMtuDiscovery: true,
      sendOffload: true,
      receiveOffload: true,
      receiveLocals: false,
      receiveEcn: false,
      receiveTimestamps: false,
    });
    expect(SEND_QUEUE_BYTES).toBe(1_048_576);
  });

  test.each<[SocketOptions, string, 4 | 6, boolean]>([
    [{ local: { address: '::', port: 1 } }, '::', 6, true],
    [{ local: { address: '::1', port: 1 } }, '::1', 6, false],
    [{ local: { address: '::', port: 1 }, dualStack: false }, '::', 6, false],
    [{ local: { address: '::1', port: 1 }, dualStack: true }, '::1', 6, true],
    [{ local: { address: '127.0.0.1', port: 1 }, dualStack: true }, '127.0.0.1', 4, false],
    [{ remote: { address: '192.0.2.1', port: 1 } }, '0.0.0.0', 4, false],
    [{ remote: { address: '2001:db8::1', port: 1 } }, '::', 6, true],
    [{ local: { address: '::', port: 0 }, remote: { address: '192.0.2.1', port: 1 } }, '::', 6, true],
  ])('determine address and family: %j', (options, address, family, dualStack) => {
    const resolved = resolveOptions(options);
    expect([resolved.local.address, resolved.family, resolved.dualStack]).toEqual([address, family, dualStack]);
  });

  const LARGEST = 0x3fff_ffff;
  const steering = (changes: object): SocketOptions => ({
    reusePort: true,
    steering: { offset: 0, mask: 1, ...changes },
  });
  test('of steering have defaults too, and are used unchanged', () => {
    expect(resolveOptions(steering({ offset: 4, mask: 0xff00 })).steering).toEqual({
      offset: 4,
      mask: 0xff00,
      shift: 0,
      modulus: 0,
    });
    const all = { offset: 0, mask: 0xffff_ffff, shift: 31, modulus: 0xffff_ffff };
    expect(resolveOptions(steering(all)).steering).toEqual(all);
  });

  test.each<[string, SocketOptions]>([
    ['buffers', { receiveBufferBytes: LARGEST, sendBufferBytes: LARGEST, sendQueueBytes: LARGEST }],
    ['no queue and no patience', { sendQueueBytes: 0, closeTimeoutMs: 0 }],
    ['the last port', { local: { address: '127.0.0.1', port: 65_535 } }],
    ['steering at the end', steering({ offset: 65_503, mask: 0xffff_ffff, shift: 31 })],
  ])('may have the values at their bounds: %s', (_what, options) => {
    expect(() => resolveOptions(options)).not.toThrow();
  });

  test.each<[string, SocketOptions]>([
    ['a large receive buffer', { receiveBufferBytes: LARGEST + 1 }],
    ['a large send buffer', { sendBufferBytes: LARGEST + 1 }],
    ['a large queue', { sendQueueBytes: LARGEST + 1 }],
    ['much patience', { closeTimeoutMs: LARGEST + 1 }],
    ['a negative queue', { sendQueueBytes: -1 }],
    ['half a byte', { sendQueueBytes: 0.5 }],
    ['no number', { sendQueueBytes: Number.NaN }],
    ['a port beyond the last', { local: { address: '127.0.0.1', port: 65_536 } }],
    ['a negative port', { local: { address: '127.0.0.1', port: -1 } }],
    ['half a port', { local: { address: '127.0.0.1', port: 1.5 } }],
    ['a name', { local: { address: 'localhost', port: 1 } }],
    ['a remote without port', { remote: { address: '127.0.0.1', port: 0 } }],
    ['a remote that is a name', { remote: { address: 'localhost', port: 1 } }],
    ['families that differ', { local: { address: '127.0.0.1', port: 0 }, remote: { address: '::1', port: 1 } }],
    [
      'IPv4 through a socket for IPv6 alone',
      { local: { address: '::1', port: 0 }, remote: { address: '127.0.0.1', port: 1 } },
    ],
    ['steering of a port of its own', { steering: { offset: 0, mask: 1 } }],
    ['steering beyond the end', steering({ offset: 65_504 })],
    ['steering before the beginning', steering({ offset: -1 })],
    ['a mask beyond 32 bits', steering({ mask: 0x1_0000_0000 })],
    ['a shift beyond 31', steering({ shift: 32 })],
    ['a modulus below 0', steering({ modulus: -1 })],
    ['a modulus beyond 32 bits', steering({ modulus: 0x1_0000_0000 })],
  ])('are refused: %s', (_what, options) => {
    expect(() => resolveOptions(options)).toThrow(SocketError);
    expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
