import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { initiate, readFirstMessage, type NoiseSuite } from '../../src/handshake/noise-ik.js';
import type { SplitKeys } from '../../src/handshake/symmetric-state.js';
import type { Cipher } from '../../src/index.js';
import { ENGINES } from '../engines.js';
import { hex, unhex } from '../hex.js';

interface Vector {
  readonly source: string;
  readonly protocolName: string;
  readonly prologue: string;
  readonly presharedKey: string | null;
  readonly initiatorStatic: string;
  readonly initiatorEphemeral: string;
  readonly responderStatic: string;
  readonly responderEphemeral: string;
  readonly responderPublic: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const file = new URL('../../vectors/noise.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] };
const cases = vectors.flatMap((vector) =>
  ENGINES.map(([name, primitives]) => [vector.protocolName, vector.source, name, vector, primitives] as const),
);

describe('the published Noise vectors', () => {
  test('are those of IK twice and IKpsk2', () => {
    expect(vectors.map(({ protocolName }) => protocolName.split('_')[1])).toEqual(['IK', 'IKpsk2', 'IK']);
  });

  test.each(cases)('%s of %s pass on %s, both sides', (_protocol, _source, _engine, vector, primitives) => {
    const suite: NoiseSuite = {
      primitives,
      protocolName: vector.protocolName,
      prologue: unhex(vector.prologue),
      presharedKey: vector.presharedKey === null ? undefined : unhex(vector.presharedKey),
    };
    const key = (text: string) => primitives.privateKey(unhex(text));
    const [first, second, ...transport] = vector.messages;
    if (first === undefined || second === undefined) throw new Error('the vector has no handshake');

    const initiator = initiate(
      suite,
      key(vector.initiatorStatic),
      key(vector.initiatorEphemeral),
      unhex(vector.responderPublic),
      unhex(first.payload),
    );
    if (initiator === undefined) throw new Error('refused');
    const { ephemeral, sealedStatic, sealedPayload } = initiator.message;
    expect(hex(ephemeral) + hex(sealedStatic) + hex(sealedPayload)).toBe(first.ciphertext);

    const responder = readFirstMessage(suite, key(vector.responderStatic), initiator.message, () => true);
    if (typeof responder === 'string') throw new Error(responder);
    expect(hex(responder.payload)).toBe(first.payload);
    expect(hex(responder.initiator)).toBe(hex(key(vector.initiatorStatic).publicKey));

    const response = responder.respond(key(vector.responderEphemeral), unhex(second.payload));
    if (response === undefined) throw new Error('refused');
    expect(hex(response.message.ephemeral) + hex(response.message.sealedPayload)).toBe(second.ciphertext);

    const finished = initiator.finish(response.message);
    if (finished === undefined) throw new Error('refused');
    expect(hex(finished.payload)).toBe(second.payload);
    expect(finished.keys).toEqual(response.keys);
    expectTransport(
      ciphersOf(finished.keys, (bytes) => primitives.cipher(bytes)),
      transport,
    );
  });
});

function ciphersOf(keys: SplitKeys, cipher: (key: Uint8Array) => Cipher): readonly [Cipher, Cipher] {
  return [cipher(keys.initiatorToResponder), cipher(keys.responderToInitiator)];
}

/** Transport messages alternate, the initiator first; each direction counts its own. */
function expectTransport(ciphers: readonly [Cipher, Cipher], messages: Vector['messages']): void {
  for (const [number, { payload, ciphertext }] of messages.entries()) {
    const cipher = number % 2 === 0 ? ciphers[0] : ciphers[1];
    const bytes = Buffer.concat([unhex(payload), new Uint8Array(16)]);
    cipher.seal(bytes, 0, bytes.length - 16, number >> 1);
    expect(hex(bytes)).toBe(ciphertext);
    expect(cipher.open(bytes, 0, bytes.length - 16, number >> 1)).toBe(true);
    expect(hex(bytes.subarray(0, -16))).toBe(payload);
  }
}
