import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatInvitation, formatKey, generateKeyPair, keyPairOf, parseInvitation, parseKey } from '../../src/index.js';

const [client, server] = [generateKeyPair(), generateKeyPair()];
const [clientKey, serverKey] = [formatKey(client.privateKey), formatKey(server.publicKey)];
const GOOD = `relay://${clientKey}@relay.example:7878?server=${serverKey}&name=laptop`;

describe('an invitation', () => {
  test('says who the client is, where the server is, and whom it must meet there', () => {
    expect(parseInvitation(GOOD)).toEqual({
      clientPrivateKey: client.privateKey,
      serverPublicKey: server.publicKey,
      host: 'relay.example',
      port: 7878,
      name: 'laptop',
    });
  });

  test('is read as it was written, whatever its name and host', () => {
    const host = fc.constantFrom('127.0.0.1', '::1', 'fe80::1%eth0', 'relay.example', 'a-b.example');
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text));
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        key,
        key,
        host,
        fc.integer({ min: 1, max: 65_535 }),
        name,
        (clientPrivateKey, serverPublicKey, ...rest) => {
          const [address, port, called] = rest;
          fc.pre(called.length <= 64);
          const invitation = { clientPrivateKey, serverPublicKey, host: address, port, name: called };
          expect(parseInvitation(formatInvitation(invitation))).toEqual(invitation);
        },
      ),
    );
  });

  test.each([
    ['nothing', '', 'expected'],
    ['another scheme', GOOD.replace('relay:', 'https:'), 'expected'],
    ['no port', GOOD.replace(':7878', ''), 'expected'],
    ['a port of 0', GOOD.replace('7878', '0'), 'port'],
    ['a port of 65536', GOOD.replace('7878', '65536'), 'port'],
    ['a port that is no number', GOOD.replace('7878', '0x50'), 'expected'],
    ['a short key', GOOD.replace(clientKey, clientKey.slice(1)), 'before the @'],
    ['a key with spare bits', GOOD.replace(clientKey, `${clientKey.slice(0, 42)}_`), 'before the @'],
    ['no key of the server', GOOD.replace(`server=${serverKey}&`, ''), 'server='],
    ['no name', GOOD.replace('&name=laptop', ''), 'name='],
    ['a name with a control character', GOOD.replace('laptop', '%1b[31m'), 'name='],
    ['a name that turns the text around', GOOD.replace('laptop', '%e2%80%aegnp'), 'name='],
    ['a name that is too long', GOOD.replace('laptop', 'x'.repeat(65)), 'name='],
    ['one field too many', `${GOOD}&admin=yes`, 'besides'],
    ['one field twice', `${GOOD}&name=other`, 'twice'],
    ['something behind it', `${GOOD} extra`, 'expected'],
  ])('with %s is refused, and the reason repeats none of its keys', (_what, text, expected) => {
    const reason = parseInvitation(text);
    expect(reason).toContain(expected);
    expect(reason).not.toContain(clientKey.slice(5, 30));
  });
});

describe('a key', () => {
  test('is 43 characters as text, and only that text is read', () => {
    expect(clientKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(parseKey(clientKey)).toEqual(client.privateKey);
    for (const text of ['', `${clientKey}=`, ` ${clientKey}`, clientKey.replace(/.$/, '_'), clientKey.slice(1)]) {
      expect(text !== clientKey && parseKey(text) !== undefined ? text : '').toBe('');
    }
  });

  test('pair follows from its private key, and copies it', () => {
    const bytes = client.privateKey.slice();
    const pair = keyPairOf(bytes);
    expect(pair).toEqual(client);
    bytes.fill(0);
    expect(pair).toEqual(client);
    expect(() => keyPairOf(new Uint8Array(31))).toThrow('32 bytes');
  });

  test('pairs differ', () => {
    expect(generateKeyPair().privateKey).not.toEqual(generateKeyPair().privateKey);
  });
});
