import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { formatInvitation, parseInvitation } from '@relay/session';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { canGiveHosts, CLIENT, run } from '../support/program.js';
import { Resources } from '../support/resources.js';
import { Server } from '../support/server.js';

const KEY = Buffer.alloc(32, 1).toString('base64url');
const invitationTo = (server: string): string => `relay://${KEY}@${server}?server=${KEY}&name=lost`;
/** Nothing listens on port 9, and names below .invalid do not exist (RFC 6761). */
const SILENT = invitationTo('127.0.0.1:9');
const UNKNOWN = invitationTo('relay.invalid:7878');
const NO_LINK = invitationTo('[fe80::1%nowhere0]:7878');

describe.each([
  ['does not answer', SILENT, /"level":"warn".*no answer from the server: still trying/],
  ['has a name that leads nowhere', UNKNOWN, /"level":"warn".*the server's name cannot be resolved: still trying/],
  ['is on a link that is not there', NO_LINK, /"level":"warn".*the server's name cannot be resolved: still trying/],
])('a client whose server %s', (_what, invitation, warning) => {
  test('reports that, has its ports open, counts its drops, and ends with code 0', async () => {
    using folder = new Folder();
    const admin = folder.at('client.sock');
    await using client = new Client({ invitation, admin, engine: 'dgram', forwards: ['0=127.0.0.1:9'] });
    await client.program.line(warning, 'stderr');
    const { state, forwards } = await client.status();
    expect(state).toBe('connecting');
    await using application = await Application.open();
    await application.send('nobody is there', Number(/:(\d+) -> /.exec(forwards[0]?.mapping ?? '')?.[1]));
    await eventually(async () => {
      const { toTarget } = (await client.status()).forward;
      expect([toTarget.inDatagrams, toTarget.drops['no-session']]).toEqual([1, 1]);
    });
    expect(client.program.hasEnded).toBe(false);
    expect(await client.stop()).toMatchObject({ code: 0, stdout: '' });
  });

  test('reports at once that a port is taken', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const environment = { RELAY_SERVER: invitation };
    const { code, stderr } = await run(CLIENT, ['--admin', 'off', '-f', `${port}=127.0.0.1:9`], { environment });
    socket.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: the address is in use`);
  });
});

// These tests need a system that can give a program its own /etc/hosts.
if (canGiveHosts())
  describe.each(ENGINES)('a client whose server has a name, engine %s', (engine) => {
    const start = async (keep: Resources['keep'], addresses: readonly string[]) => {
      const folder = keep(new Folder());
      const [state, hosts, admin] = [folder.at('state'), folder.at('hosts'), folder.at('client.sock')];
      const leadTo = (to: readonly string[]): void =>
        writeFileSync(hosts, to.map((address) => `${address} relay.test\n`).join(''));
      leadTo(addresses);
      const echo = keep(await Echo.open());
      const server = keep(await Server.start({ state, engine }));
      const made = parseInvitation(await server.invite('tester', ['127.0.0.0/8']));
      if (typeof made === 'string') throw new Error(made);
      const invitation = formatInvitation({ ...made, host: 'relay.test' });
      const forwards = [`0=127.0.0.1:${echo.port}`];
      const client = keep(new Client({ invitation, admin, engine, forwards, hosts }));
      const application = keep(await Application.open());
      return { server, client, application, port: (await client.ready())[0] ?? 0, leadTo };
    };

    test('reaches the server at any of its addresses that answers', async () => {
      await using resources = new Resources();
      // An IPv6 address comes first if there is one, and nothing listens there.
      const { server, client, application, port } = await start(resources.keep, ['::1', '127.0.0.1']);
      await application.askUntilAnswered(port);
      expect((await client.status()).server).toBe(`127.0.0.1:${server.port}`);
    });

    test('finds the server again where its name leads now', async () => {
      await using resources = new Resources();
      const { server, client, application, port, leadTo } = await start(resources.keep, ['127.0.0.1']);
      await application.askUntilAnswered(port);
      await server.stop('SIGKILL');
      leadTo(['127.0.0.2']);
      const { state, port: serverPort } = server;
      resources.keep(await Server.start({ state, engine, listen: '127.0.0.2', port: serverPort }));
      await application.askUntilAnswered(port);
      expect((await client.status()).server).toBe(`127.0.0.2:${serverPort}`);
    });
  });
