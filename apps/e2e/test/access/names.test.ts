import { writeFileSync } from 'node:fs';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { Client } from '../support/client.js';
import { dnsAnswer, dnsReply } from '../support/dns-message.js';
import { ENGINES, type Engine } from '../support/engines.js';
import { Folder } from '../support/folder.js';
import { canGiveHosts, FORMER_CLIENT } from '../support/program.js';
import { Resources } from '../support/resources.js';
import { Server } from '../support/server.js';

const INSIDE = '10.1.2.3';
const OUTSIDE = '1.1.1.1';
const SLOW_NAMES = 40;

/** A name server that never answers for names that begin with `slow`. */
class NameServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting: (() => void)[] = [];
  #isAsked = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (query, { port, address }) => {
      const { name } = dnsReply(query);
      if (!name.startsWith('slow')) {
        socket.send(dnsAnswer(query, name.startsWith('inside') ? INSIDE : OUTSIDE), port, address);
        return;
      }
      this.#isAsked = true;
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async open(): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async untilAsked(): Promise<void> {
    while (!this.#isAsked) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const close = once(this.#socket, 'close');
    this.#socket.close();
    await close;
  }
}

/** A server whose name server is a test's, with a client that asks for many names at once. */
async function start(keep: Resources['keep'], engine: Engine) {
  const folder = keep(new Folder());
  const names = keep(await NameServer.open());
  const resolvConf = folder.at('resolv.conf');
  writeFileSync(resolvConf, `nameserver 127.0.0.1:${names.port}\n`);
  const mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const through = ['unshare', '-rm', 'sh', '-c', mount, resolvConf];
  const server = keep(await Server.start({ state: folder.at('state'), engine, through }));
  let clients = 0;
  const client = async (forwards: readonly string[], script?: string): Promise<Client> => {
    const admin = folder.at(`client${++clients}.sock`);
    const invitation = await server.invite(`client${clients}`, []);
    const own: Engine = script === undefined ? engine : 'dgram'; // the only one of the former release
    return keep(new Client({ invitation, admin, engine: own, forwards, script }));
  };
  return { server, names, client };
}

const slowForwards = Array.from({ length: SLOW_NAMES }, (_, i) => `0=slow${i}.test:53`);

// These tests need a system that can give a program its own /etc/resolv.conf. The client that asks
// for many names at once is of the former release: the present one asks for a few at a time.
if (canGiveHosts())
  describe.each(ENGINES)(`${SLOW_NAMES} names of one client that no name server answers, engine %s,`, (engine) => {
    test('do not delay the name of another client', async () => {
      await using resources = new Resources();
      const { names, client } = await start(resources.keep, engine);
      await client(slowForwards, FORMER_CLIENT);
      await names.untilAsked();
      const quick = await client(['0=fast.test:53']);
      await quick.program.line(/^relay-client ready: forward .+ -> fast.test:53$/);
    });

    test('do not delay the end of the server', async () => {
      await using resources = new Resources();
      const { server, names, client } = await start(resources.keep, engine);
      await client(slowForwards, FORMER_CLIENT);
      await names.untilAsked();
      const beginMs = performance.now();
      expect(await server.stop()).toMatchObject({ code: 0, signal: null });
      const tookMs = performance.now() - beginMs;
      console.info(`${engine}: SIGTERM to exit in ${tookMs.toFixed(0)} ms`);
      expect(tookMs).toBeLessThan(5000);
    });

    test('that lead to addresses which the client may not reach are not told to it', async () => {
      await using resources = new Resources();
      const { client } = await start(resources.keep, engine);
      const { program } = await client(['0=inside.test:53', '0=localhost:53', '0=fast.test:53']);
      await program.line(/^relay-client ready: forward .+ -> fast.test:53$/);
      const denied = /cannot resolve a name.*the invitation allows none of its addresses/;
      const lines = await program.lines(denied, 2, 'stderr');
      expect(lines.map(({ input }) => /"name":"([^"]+)"/.exec(input)?.[1]).sort()).toEqual([
        'inside.test',
        'localhost',
      ]);
      expect(program.stdout).not.toContain('-> inside.test');
    });
  });
