import { describe, expect, test } from '@jest/globals';
import { generateKeyPair } from '../../src/index.js';
import { initiate, readFirstMessage, type NoiseSuite } from '../../src/handshake/noise-ik.js';
import { ENGINES } from '../engines.js';

/** Points whose multiples are all zero (RFC 7748 §6.1): a secret with them is no secret. */
const LOW_ORDER = ['00'.repeat(32), `01${'00'.repeat(31)}`, `ecff${'ff'.repeat(29)}7f`].map((hex) =>
  Uint8Array.from(Buffer.from(hex, 'hex')),
);

describe.each(ENGINES)('a handshake with a point of low order (%s)', (_name, primitives) => {
  const suite: NoiseSuite = {
    primitives,
    protocolName: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
    prologue: new Uint8Array(0),
    presharedKey: new Uint8Array(32),
  };
  const newKey = () => primitives.privateKey(generateKeyPair().privateKey);
  const payload = Buffer.from('hello');

  test.each(LOW_ORDER)('is not begun with a server that has such a key', (point) => {
    expect(initiate(suite, newKey(), newKey(), point, payload)).toBeUndefined();
  });

  test.each(LOW_ORDER)('is refused where the client sends such a key for this handshake', (ephemeral) => {
    const server = newKey();
    const message = initiate(suite, newKey(), newKey(), server.publicKey, payload)?.message;
    if (message === undefined) throw new Error('there is no message');
    expect(readFirstMessage(suite, server, { ...message, ephemeral }, () => true)).toBe('authentication-failed');
  });

  test.each(LOW_ORDER)('is not finished where the server answers with such a key', (ephemeral) => {
    const server = newKey();
    const state = initiate(suite, newKey(), newKey(), server.publicKey, payload);
    if (state === undefined) throw new Error('there is no message');
    const read = readFirstMessage(suite, server, state.message, () => true);
    if (typeof read === 'string') throw new Error(read);
    const answer = read.respond(newKey(), payload);
    if (answer === undefined) throw new Error('there is no answer');
    expect(state.finish({ ...answer.message, ephemeral })).toBeUndefined();
    // The true answer may still come.
    expect(state.finish(answer.message)?.keys).toBeDefined();
  });
});
