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
 * Starts a server, and a client with an invitation to it where something is published or forwarded.
 * Resolves when all mappings are ready. They are written as the flags of the programs take them.
 * Settings for further relays of a lab: a `name`, the server's `port`, its `flags`, the place of
 * the client, the address of the server that the client takes, and what the client is allowed.
 */
export async function startRelay(lab, { publishes = [], forwards = [], routes = [] }, settings = {}) {
  const relay = { ...defaults(lab), ...settings };
  const state = stateOf(lab, relay);
  const server = await startServer(lab, state, routes, relay);
  const count = publishes.length + forwards.length;
  if (count === 0) return new Relay({ server });
  const mappings = [
    ...publishes.flatMap((publish) => ['--publish', publish]),
    ...forwards.flatMap((forward) => ['--forward', forward]),
  ];
  return new Relay({ server, client: await startClient(lab, state, { mappings, count }, relay) });
}

/** The state folder of the server of a relay with this name. */
export const stateOf = ({ folder }, { name }) => join(folder, `state-${name}`);

/** The invitation allows what visitors have, and all ports. */
const defaults = ({ service, server }) => ({
  name: 'relay',
  port: PORT,
  flags: ['--max-flows', MAX_FLOWS],
  clientPlace: service,
  address: server.ipv4,
  allow: ['203.0.113.0/24', '2001:db8:3::/64'],
});

async function startServer({ engine, server }, state, routes, { port, flags }) {
  const where = ['--listen', `[::]:${port}`, '--state', state, '--engine', engine];
  const mappings = routes.flatMap((route) => ['--route', route]);
  const program = server.start('node', [SERVER, ...where, ...flags, ...mappings]);
  await program.says(/^relay-server ready on /m);
  await program.says(readyLines('relay-server ready: route ', routes.length));
  return { place: server, program, ask: [SERVER, 'status', '--json', '--state', state] };
}

/** Makes an invitation to the server of a lab's relay. */
export async function invite({ server }, state, name, { address, port, allow }) {
  const rights = ['--publish', '1-65535', ...allow.flatMap((block) => ['--allow', block])];
  const where = ['--state', state, '--public', `${address}:${port}`];
  return (await server.run('node', [SERVER, 'invite', name, ...where, ...rights])).trim();
}

async function startClient(lab, state, { mappings, count }, relay) {
  const invitation = await invite(lab, state, 'real', relay);
  const admin = join(lab.folder, `client-${relay.name}.sock`);
  const program = relay.clientPlace.start('node', [CLIENT, '--admin', admin, '--engine', lab.engine, ...mappings], {
    environment: { RELAY_SERVER: invitation },
  });
  await program.says(readyLines('relay-client ready: ', count));
  await program.says(/"connected/);
  return { place: relay.clientPlace, program, ask: [CLIENT, 'status', '--json', '--admin', admin] };
}

const readyLines = (text, count) => new RegExp(`(?:^${text}[^]*?){${count}}`, 'm');

/** A running server, with its client if there is one. */
class Relay {
  #sides;

  constructor(sides) {
    this.#sides = sides;
  }

  get logs() {
    return Object.entries(this.#sides).map(([name, { program }]) => `${name}:\n${program.said}`);
  }

  /** What the programs warned of, each message once. */
  get warnings() {
    const said = Object.entries(this.#sides).flatMap(([name, { program }]) =>
      program.said
        .split('\n')
        .filter((line) => /"level":"(?:warn|error)"/.test(line))
        .map((line) => `${name}: ${JSON.parse(line).message}`),
    );
    return [...new Set(said)];
  }

  /** `server`, and `client` if there is one. */
  get names() {
    return Object.keys(this.#sides);
  }

  /** The process id of `server` or `client`. */
  pid(name) {
    return this.#sides[name].program.pid;
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

  /** Ends the programs as a user does, the client first. */
  async stop() {
    for (const name of Object.keys(this.#sides).reverse()) {
      const { code } = await this.#sides[name].program.stop();
      expect(code === 0, `relay-${name} ended with ${code}`);
    }
  }
}

/** Returns the drops of a program in words, and throws unless its accounts are whole. */
function accounted(name, status) {
  const words = [];
  for (const mode of ['forward', 'publish', 'route'].filter((name) => name in status))
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
