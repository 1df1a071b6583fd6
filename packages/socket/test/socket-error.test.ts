import { describe, expect, test } from '@jest/globals';
import { SocketError } from '../src/index.js';
import { codeOfSystemError, openError, SOCKET_ERROR_CODES, systemCodeOf } from '../src/socket-error.js';

describe('the error of a socket', () => {
  test('says what failed, on what, and why, and keeps the report of the system', () => {
    const cause = new Error('the system');
    const details = { subject: 'to 192.0.2.1:9', systemCode: 'EMSGSIZE', datagrams: 3, cause };
    const error = new SocketError('message-too-large', 'send', details);
    expect(error.message).toBe('cannot send to 192.0.2.1:9: the datagram is too large');
    expect(error).toMatchObject({ name: 'SocketError', code: 'message-too-large', operation: 'send' });
    expect(error).toMatchObject({ systemCode: 'EMSGSIZE', datagrams: 3, cause });
  });

  test('is about no datagram, and has neither a cause nor a system code, by default', () => {
    const error = new SocketError('closed', 'open');
    expect(error.message).toBe('cannot open a socket: the socket is not open');
    expect([error.datagrams, error.systemCode, 'cause' in error]).toEqual([0, undefined, false]);
  });

  test('has a text for every code and operation', () => {
    for (const code of SOCKET_ERROR_CODES)
      for (const operation of ['create', 'open', 'send', 'icmp', 'receive'] as const)
        expect(new SocketError(code, operation).message).toMatch(/^[a-z ]+: [a-zA-Z ]+$/);
  });

  test.each([
    ['EADDRINUSE', 'address-in-use'],
    ['EPERM', 'permission-denied'],
    ['ENFILE', 'too-many-open-files'],
    ['ECONNRESET', 'connection-refused'],
    ['ENOMEM', 'no-buffers'],
    ['EBADF', 'closed'],
    ['EWHATEVER', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('translates the system code %s to %s', (systemCode, code) => {
    expect(codeOfSystemError(systemCode)).toBe(code);
  });

  test('finds the system code of an object with the shape of an error of Node.js, and of nothing else', () => {
    expect(systemCodeOf({ code: 'EACCES' })).toBe('EACCES');
    for (const other of [undefined, null, 'EACCES', 5, {}, { code: 5 }, new Error('none')])
      expect(systemCodeOf(other)).toBeUndefined();
  });

  test('of a failed open names the address, and is not wrapped twice', () => {
    const cause = Object.assign(new Error('bind EACCES'), { code: 'EACCES' });
    const error = openError(cause, { address: '::1', port: 53 });
    expect(error).toMatchObject({ code: 'permission-denied', operation: 'open', systemCode: 'EACCES', cause });
    expect(error.message).toBe('cannot open a socket on [::1]:53: permission denied');
    expect(openError(error, { address: '::1', port: 53 })).toBe(error);
  });
});
