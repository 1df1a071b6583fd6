import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { eventually } from './eventually.js';
import { expect } from './expect.js';

const require = createRequire(import.meta.url);
const program = (app) => join(dirname(require.resolve(`@relay/${app}/package.json`)), 'bin', `relay-${app}.js`);
const SERVER = program('server');
const CLIENT = program('client');
const PORT = 7878;
/** Fits below the usual limits of open files, so that the server does not warn that it is cut. */
const MAX_FLOWS = 8_192;

/**
 * Starts a server and a client with an invitation, and resolves when all mappings are ready.
 *
 * - `publishes` and `forwards`: as the flags of the client take them.
 * - `allow`: the networks that the invitation allows. Default: that of the visitor.
 * - `clientAddress`: how the client reaches the server.
 */
export async function startRelay({ engine, server, service, folder }, { publishes = [], forwards = [] }) {
  const state = join(folder, 'state');
  const place = ['--state', state, '--public', `${server.ipv4}:${PORT}`];
  const rights = ['--publish', '1-65535', '--allow', '203.0.113.0/24', '--allow', '2001:db8:3::/64'];
  const invitation = (await server.run('node', [SERVER, 'invite', 'real', ...place, ...rights])).trim();

  const where = ['--listen', `[::]:${PORT}`, '--state', state, '--engine', engine];
  const serverProgram = server.start('node', [SERVER, ...where, '--max-flows', MAX_FLOWS]);
  await serverProgram.says(/^relay-server ready on /m);

  const admin = join(folder, 'client.sock');
  const mappings = [
    ...publishes.flatMap((publish) => ['--publish', publish]),
    ...forwards.flatMap((forward) => ['--forward', forward]),
  ];
  const environment = { RELAY_SERVER: invitation };
  const clientProgram = service.start('node', [CLIENT, '--admin', admin, '--engine', engine, ...mappings], {
    environment,
  });
  const count = publishes.length + forwards.length;
  await clientProgram.says(new RegExp(`(?:^relay-client ready: [^]*?){${count}}`, 'm'));
  await clientProgram.says(/"connected/);
  return new Relay(
    { place: server, program: serverProgram, ask: [SERVER, 'status', '--json', '--state', state] },
    { place: service, program: clientProgram, ask: [CLIENT, 'status', '--json', '--admin', admin] },
  );
}

/** A running server and client. */
class Relay {
  #sides;

  constructor(server, client) {
    this.#sides = { server, client };
  }

  get logs() {
    return Object.entries(this.#sides).map(([name, { program }]) => `${name}:\n${program.said}`);
  }

  /** What both programs warned of, each message once. */
  get warnings() {
    const said = Object.entries(this.#sides).flatMap(([name, { program }]) =>
      program.said
        .split('\n')
        .filter((line) => /"level":"(?:warn|error)"/.test(line))
        .map((line) => `${name}: ${JSON.parse(line).message}`),
    );
    return [...new Set(said)];
  }

  /** The status of `server` or `client`. */
  async status(name) {
    const { place, ask } = this.#sides[name];
    return JSON.parse(await place.run('node', ask));
  }

  /**
   * Expects that each datagram that came in went out or was dropped with a counted reason, and
   * returns in words what was dropped.
   */
  async drops() {
    const found = await eventually(async () => {
      const words = [];
      for (const name of Object.keys(this.#sides)) words.push(...accounted(name, await this.status(name)));
      return words;
    });
    return found.length === 0 ? 'drops none' : `drops ${found.join(', ')}`;
  }

  /** Ends both programs as a user does. */
  async stop() {
    for (const name of ['client', 'server']) {
      const { code } = await this.#sides[name].program.stop();
      expect(code === 0, `relay-${name} ended with ${code}`);
    }
  }
}

/** Returns the drops of a program in words, and throws unless its accounts are whole. */
function accounted(name, status) {
  const words = [];
  for (const mode of ['forward', 'publish'])
    for (const direction of ['toTarget', 'fromTarget']) {
      const { inDatagrams, outDatagrams, drops } = status[mode][direction];
      const where = `${name} ${mode} ${direction}`;
      const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
      expect(
        inDatagrams === outDatagrams + dropped,
        `${where}: ${inDatagrams} in, ${outDatagrams} out, drops ${JSON.stringify(drops)}`,
      );
      if (dropped > 0) words.push(`${where} ${JSON.stringify(drops)}`);
    }
  const { drops, unsent } = status.packets;
  const dropped = Object.entries(drops).filter(([, count]) => count > 0);
  if (dropped.length > 0 || unsent > 0) words.push(`${name} packets ${JSON.stringify({ ...drops, unsent })}`);
  return words;
}
