// Forward secrecy holds only for keys that are gone: who takes over a machine must not find those
// of yesterday.
import { describe, expect, test } from '@jest/globals';
import { NOTICE, NOTICE_BYTES } from '@relay/packet';
import { nodePrimitives, type Cipher, type Primitives, type PrivateKey } from '../../src/index.js';
import { NO_CAUSE, writeNotice } from '../../src/handshake/notice.js';
import { SymmetricState } from '../../src/handshake/symmetric-state.js';
import { TwoEnds } from '../two-ends.js';

interface Kept {
  /** The very bytes that the caller gave, or was given. */
  readonly bytes: Uint8Array;
  isWiped: boolean;
}

/** The engine of node:crypto, with a list of all the keys that went through it. */
class KeptKeys implements Primitives {
  readonly name = 'node';
  readonly ciphers: Kept[] = [];
  readonly privateKeys: Kept[] = [];
  readonly secrets: Uint8Array[] = [];

  readonly privateKey = (bytes: Uint8Array): PrivateKey => {
    const key = nodePrimitives.privateKey(bytes);
    const kept: Kept = { bytes, isWiped: false };
    this.privateKeys.push(kept);
    return {
      publicKey: key.publicKey,
      agree: (peer) => {
        const secret = key.agree(peer);
        if (secret !== undefined) this.secrets.push(secret);
        return secret;
      },
      wipe: () => {
        kept.isWiped = true;
        key.wipe();
      },
    };
  };

  readonly cipher = (bytes: Uint8Array): Cipher => {
    const cipher = nodePrimitives.cipher(bytes);
    const kept: Kept = { bytes, isWiped: false };
    this.ciphers.push(kept);
    return {
      seal: (...arguments_) => cipher.seal(...arguments_),
      open: (...arguments_) => cipher.open(...arguments_),
      wipe: () => {
        kept.isWiped = true;
        cipher.wipe();
      },
    };
  };

  get alive(): number {
    return this.ciphers.filter(({ isWiped }) => !isWiped).length;
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

function watchedEnds(): { ends: TwoEnds; client: KeptKeys; server: KeptKeys } {
  const client = new KeptKeys();
  const server = new KeptKeys();
  return { ends: new TwoEnds({ primitives: client }, { primitives: server }), client, server };
}

describe('keys', () => {
  test('of a session are two on each side, and none on either side after its end', () => {
    const { ends, client, server } = watchedEnds();
    ends.connect();
    expect([client.alive, server.alive]).toEqual([2, 2]);
    ends.client.close(ends.nowMs);
    ends.settle();
    expect([client.alive, server.alive]).toEqual([0, 0]);
  });

  test('of before a rekey are wiped when late packets have had their time', () => {
    const { ends, client, server } = watchedEnds();
    ends.connect();
    const first = [...client.ciphers, ...server.ciphers].filter(({ isWiped }) => !isWiped);
    ends.pass(125_000);
    ends.clientSession.ping(ends.nowMs);
    ends.settle();
    ends.pass(20_000);
    expect(first.map(({ isWiped }) => isWiped)).toEqual([true, true, true, true]);
    expect([client.alive, server.alive]).toEqual([2, 2]);
  });

  test('that were offered to a client, which never used them, are wiped', () => {
    const { ends, server } = watchedEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    expect(server.alive).toBe(2);
    ends.passCut(6000);
    expect(server.alive).toBe(0);
  });

  test('are wiped where they came from: no copy of a key or shared secret is left', () => {
    const { ends, client, server } = watchedEnds();
    ends.connect();
    ends.pass(125_000);
    for (const { ciphers, secrets } of [client, server]) {
      expect(ciphers.length).toBeGreaterThan(4);
      expect(secrets.length).toBeGreaterThan(4);
      expect(ciphers.filter(({ bytes }) => !isZero(bytes))).toEqual([]);
    }
  });

  test('that are ephemeral are wiped on both sides when the handshake is over, and so are their bytes', () => {
    const { ends, client, server } = watchedEnds();
    ends.connect();
    const [, ...clientEphemeral] = client.privateKeys;
    const [, ...serverEphemeral] = server.privateKeys;
    for (const ephemeral of [clientEphemeral, serverEphemeral]) {
      expect(ephemeral.map(({ isWiped }) => isWiped)).toEqual([true]);
      expect(ephemeral.map(({ bytes }) => isZero(bytes))).toEqual([true]);
    }
  });

  test('of a handshake that is given up are wiped', () => {
    const { ends, client } = watchedEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    ends.passCut(20_000);
    const attempts = client.privateKeys.length - 1;
    expect(attempts).toBeGreaterThan(10);
    // All but those of the last eight attempts, whose answers may still come.
    expect(client.privateKeys.slice(1).filter(({ isWiped }) => isWiped)).toHaveLength(attempts - 8);
    ends.client.close(ends.nowMs);
    expect(client.privateKeys.slice(1).filter(({ isWiped }) => isWiped)).toHaveLength(attempts);
    expect(client.alive).toBe(0);
  });
});

test('the key of a notice is wiped once the notice is written', () => {
  const key = new Uint8Array(32).fill(7);
  writeNotice(new Uint8Array(NOTICE_BYTES), key, NO_CAUSE, { kind: NOTICE.noSession, timestamp: 0n });
  expect(isZero(key)).toBe(true);
});

describe('the state of a handshake', () => {
  const mixed = (primitives: Primitives, secret: number): SymmetricState => {
    const state = new SymmetricState(primitives, 'Noise_IK_25519_ChaChaPoly_BLAKE2s', new Uint8Array(0));
    state.mixKey(new Uint8Array(32).fill(secret));
    return state;
  };

  test('holds nothing of its secrets once it is wiped: all such states are alike', () => {
    const [one, other] = [mixed(nodePrimitives, 1), mixed(nodePrimitives, 2)];
    one.wipe();
    other.wipe();
    expect(one.split()).toEqual(other.split());
    expect(mixed(nodePrimitives, 1).split()).not.toEqual(mixed(nodePrimitives, 2).split());
  });

  test('is wiped by the split, and can neither seal nor open after', () => {
    const kept = new KeptKeys();
    const [one, other] = [mixed(kept, 1), mixed(kept, 2)];
    one.split();
    other.split();
    expect(one.split()).toEqual(other.split());
    expect(kept.alive).toBe(0);
    expect(() => one.encryptAndHash(new Uint8Array(4))).toThrow(/spent/);
    expect(() => one.decryptAndHash(new Uint8Array(20))).toThrow(/spent/);
  });

  test('keeps no cipher but the newest', () => {
    const kept = new KeptKeys();
    const state = mixed(kept, 1);
    state.mixKey(new Uint8Array(32).fill(3));
    expect(kept.ciphers.map(({ isWiped }) => isWiped)).toEqual([true, false]);
    expect(kept.ciphers.map(({ bytes }) => isZero(bytes))).toEqual([true, true]);
  });

  test('that was cloned is spent without harm to the first', () => {
    const kept = new KeptKeys();
    const state = mixed(kept, 1);
    const clone = state.clone();
    clone.wipe();
    expect(state.split()).toEqual(mixed(kept, 1).split());
  });
});
