// A host with several addresses listens on all of them. A client that sends to one of them waits
// for an answer from that one, and so do the NATs and firewalls on the path.
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { startRelay, startRelayWithPath } from '../support/relay.js';

describe.each(ENGINES)('on a host that listens on all its addresses, engine %s,', (engine) => {
  /** node:dgram cannot choose the source address. There the system chooses. */
  const answersFrom = (asked: string): string => (engine === 'native' ? asked : '127.0.0.1');

  test('the server answers its client from the address that the client sent to', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelayWithPath({
      ...{ engine, forwards: [`0=127.0.0.1:${echo.port}`] },
      ...{ serverListen: '0.0.0.0', serverAddress: '127.0.0.2' },
    });
    await using application = await Application.open();
    await application.askUntilAnswered(relay.port);
    expect([...relay.path.serverAddresses]).toEqual([answersFrom('127.0.0.2')]);
    await relay.path.rebind();
    await application.askUntilAnswered(relay.port);
    expect([...relay.path.serverAddresses]).toEqual([answersFrom('127.0.0.2')]);
  });

  test('a forward answers each application from the address that the application sent to', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, forwards: [`0.0.0.0:0=127.0.0.1:${echo.port}`] });
    for (const asked of ['127.0.0.2', '127.0.0.3', '127.0.0.1']) {
      await using application = await Application.open('127.0.0.1', asked);
      for (const payload of ['addressed', 'compact', 'compact again'])
        expect((await application.exchange(payload, relay.port))?.toString()).toBe(payload);
      expect([...application.answeredFrom]).toEqual([answersFrom(asked)]);
    }
  });

  test('a forward answers over IPv6 and IPv4 at once', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, forwards: [`[::]:0=127.0.0.1:${echo.port}`] });
    await using ipv6 = await Application.open('::1');
    expect((await ipv6.exchange('six', relay.port))?.toString()).toBe('six');
    await using ipv4 = await Application.open('127.0.0.1', '127.0.0.2');
    expect((await ipv4.exchange('four', relay.port))?.toString()).toBe('four');
    expect([...ipv6.answeredFrom, ...ipv4.answeredFrom]).toEqual(['::1', answersFrom('127.0.0.2')]);
  });
});
