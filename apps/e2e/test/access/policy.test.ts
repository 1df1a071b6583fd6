import { describe, expect, test } from '@jest/globals';
import type { DropReason } from '@relay/packet';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelay, type Relay } from '../support/relay.js';
import { freePort } from '../support/ports.js';

// In coturn CVE-2020-26262 and CVE-2026-27624, unexpected forms of the address reached loopback.
const FORMS_OF_LOOPBACK = ['127.0.0.1', '127.8.8.8', '0.0.0.0', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::127.0.0.1]'];

// The verdicts do not depend on how sockets talk to the kernel. One engine stands for all.
describe.each(ENGINES.slice(0, 1))('a target that the invitation does not allow, engine %s', (engine) => {
  test('is reached in no form of its address, and the drop is counted', async () => {
    await using echo = await Echo.open();
    const forms = [...FORMS_OF_LOOPBACK, '[64:ff9b::7f00:1]', '[2002:7f00:1::]'];
    await using relay = await startRelay({
      engine,
      allow: ['8.8.8.8:53'],
      forwards: forms.map((form) => `0=${form}:${echo.port}`),
    });
    await sendOnce(relay);
    await expectRefused(relay, 'denied-by-policy', forms.length);
    expect(echo.received).toBe(0);
  });

  test('is not reached if the invitation has the default, which is public addresses', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, allow: [], forwards: [`0=127.0.0.1:${echo.port}`] });
    await sendOnce(relay);
    await expectRefused(relay, 'denied-by-policy', 1);
    expect(echo.received).toBe(0);
    await relay.client.program.line(/will not carry a flow.*denied-by-policy/, 'stderr');
  });

  test('is not reached at a port that is not allowed', async () => {
    await using echo = await Echo.open();
    await using other = await Echo.open();
    await using relay = await startRelay({
      engine,
      allow: [`127.0.0.1:${other.port}`],
      forwards: [`0=127.0.0.1:${echo.port}`, `0=127.0.0.1:${other.port}`],
    });
    await sendOnce(relay);
    await expectRefused(relay, 'denied-by-policy', 1);
    expect([echo.received, other.received]).toEqual([0, 1]);
  });
});

describe.each(ENGINES.slice(0, 1))("the server's own endpoint, engine %s", (engine) => {
  // A server that reaches itself may send a datagram round for ever (CVE-2024-2169).
  test('is refused as a target in every form, even if loopback is allowed', async () => {
    const port = await freePort();
    await using relay = await startRelay({
      engine,
      allow: ['127.0.0.0/8', '::1/128', 'public'],
      forwards: FORMS_OF_LOOPBACK.map((form) => `0=${form}:${port}`),
      serverPort: port,
    });
    await sendOnce(relay);
    await expectRefused(relay, 'loop', FORMS_OF_LOOPBACK.length);
    expect((await relay.server.status()).flows).toBe(0);
  });

  // One that led on to a published port of the client itself took 4,000 flows in 4 s.
  test('is refused as a target where a route listens', async () => {
    await using echo = await Echo.open();
    const port = await freePort();
    await using relay = await startRelay({
      engine,
      forwards: FORMS_OF_LOOPBACK.map((form) => `0=${form}:${port}`),
      serverFlags: ['--route', `127.0.0.1:${port}=127.0.0.1:${echo.port}`],
    });
    await sendOnce(relay);
    await expectRefused(relay, 'loop', FORMS_OF_LOOPBACK.length);
    expect(echo.received).toBe(0);
  });
});

/** Sends one datagram into each forward. */
async function sendOnce({ ports }: Relay): Promise<void> {
  await using application = await Application.open();
  for (const port of ports) await application.send('knock', port);
}

/**
 * Expects that the server has refused this many flows for this reason, that nothing else was
 * dropped, and that every datagram is counted.
 */
async function expectRefused(relay: Relay, reason: DropReason, count: number): Promise<void> {
  await eventually(async () =>
    expect((await relay.server.status()).forward.toTarget.drops).toEqual({ [reason]: count }),
  );
  await expectConserved(relay);
  expect((await relay.client.status()).forward.toTarget.drops).toEqual({});
}
