import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Application } from '../support/application.js';
import { Ledger } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

/** The largest payload of an IPv4 datagram: 65,535 bytes minus the headers of IP and UDP. */
const LARGEST = 65_507;

/**
 * The list has every size around the one from which a datagram needs two packets. frp truncated at
 * 1,500 bytes, and rathole failed there.
 */
const SIZES = [0, 1, 1200, ...Array.from({ length: 16 }, (_, i) => 1415 + i), 1472, 9000, LARGEST];

describe.each(ENGINES)('a datagram through the relay, engine %s', (engine) => {
  const opened = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const relay = keep(await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] }));
    const application = keep(await Application.open());
    return { echo, relay, application };
  });

  test.each(SIZES)('of %i bytes comes back unchanged', async (size) => {
    const { application, echo, relay } = opened();
    const ledger = await Ledger.open(relay);
    const payload = randomBytes(size);
    const received = echo.received;
    expect(await application.exchange(payload, relay.port)).toEqual(payload);
    expect(echo.received - received).toBe(1);
    await ledger.expectNothingLost(1);
  });

  test('cannot be larger than UDP allows: the system refuses it before the relay gets it', async () => {
    const { application, relay } = opened();
    const ledger = await Ledger.open(relay);
    await expect(application.send(randomBytes(LARGEST + 1), relay.port)).rejects.toThrow('EMSGSIZE');
    await ledger.expectNothingLost(0);
  });

  test('that is the first of its flow is whole at every size, although it travels with its endpoints', async () => {
    const { relay } = opened();
    const ledger = await Ledger.open(relay);
    const answers = await Application.withMany(SIZES.length, (applications) =>
      Promise.all(applications.map((first, i) => first.exchange(Buffer.alloc(SIZES[i] ?? 0, i), relay.port))),
    );
    expect(answers.map((answer, i) => answer?.equals(Buffer.alloc(SIZES[i] ?? 0, i)))).toEqual(SIZES.map(() => true));
    await ledger.expectNothingLost(SIZES.length);
  });
});
