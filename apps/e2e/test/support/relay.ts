import { cpSync } from 'node:fs';
import { afterAll } from '@jest/globals';
import { formatInvitation, parseInvitation, type Invitation } from '@relay/session';
import { Client } from './client.js';
import type { Engine } from './engines.js';
import { Folder } from './folder.js';
import { freePort } from './ports.js';
import { FORMER_CLIENT, FORMER_SERVER, run, SERVER } from './program.js';
import { Resources } from './resources.js';
import { rightsFlags, Server } from './server.js';
import { UdpPath } from './udp-path.js';

export interface RelaySettings {
  readonly engine: Engine;
  readonly forwards?: readonly string[];
  readonly publishes?: readonly string[];
  /** The targets that the invitation allows. Default: loopback. */
  readonly allow?: readonly string[];
  /** The ports that it allows to publish. Default: {@link PUBLISHABLE}, if there are publishes. */
  readonly publish?: readonly string[];
  readonly serverPort?: number;
  /** The address where the server listens. Default: loopback. */
  readonly serverListen?: string;
  /** The address of the server for the path between client and server. Default: the same. */
  readonly serverAddress?: string;
  readonly serverFlags?: readonly string[];
  /** The command line that runs the server: see {@link RunSettings.through}. */
  readonly serverThrough?: readonly string[];
  readonly clientFlags?: readonly string[];
  /**
   * The program that is of the former release. It runs on dgram, its only engine here. Default:
   * none.
   */
  readonly former?: 'client' | 'server';
}

const FORMER_ENGINE: Engine = 'dgram';
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Outside of the range from which the system chooses, so that port 0 never meets its choice. */
export const PUBLISHABLE = ['10000-32000'];

/**
 * A server and a client with an invitation, connected. `P` is the path between them, or undefined
 * if they meet without one.
 */
export interface Relay<P extends UdpPath | undefined = UdpPath | undefined> extends AsyncDisposable {
  readonly folder: Folder;
  readonly path: P;
  readonly invitation: string;
  /** The first local port of each forward. */
  readonly ports: readonly number[];
  /** The local port of the first forward. */
  readonly port: number;
  /** The first port on the server of each publish. */
  readonly publicPorts: readonly number[];
  /** The port on the server of the first publish. */
  readonly publicPort: number;
  /** {@link startClientAgain} replaces it. */
  client: Client;
  /** {@link startServerAgain} replaces it. */
  server: Server;
}

/** Starts a relay. Leaves nothing running if that fails. */
export function startRelay(settings: RelaySettings): Promise<Relay<undefined>> {
  return start(settings, () => Promise.resolve(undefined));
}

/** Starts a relay whose path between client and server can be disturbed. */
export function startRelayWithPath(settings: RelaySettings): Promise<Relay<UdpPath>> {
  return start(settings, async ({ port }, keep) => keep(await UdpPath.open(port, settings.serverAddress)));
}

/** Starts the server of a relay again, at its port. It must have ended. */
export async function startServerAgain(relay: Relay, engine: Engine): Promise<void> {
  const { state, port, script } = relay.server;
  relay.server = await Server.start({ state, engine, port, script });
}

/**
 * Starts the client of a relay again, with its local ports. It must have ended. The server finds
 * the ports of publishes again by itself.
 */
export async function startClientAgain(relay: Relay): Promise<void> {
  const { settings } = relay.client;
  const forwards = settings.forwards?.map((forward, i) => forward.replace(/^0=/, `${relay.ports[i] ?? 0}=`));
  relay.client = new Client({ ...settings, forwards });
  await relay.client.ready();
}

async function start<P extends UdpPath | undefined>(
  {
    engine,
    forwards,
    publishes = [],
    allow = LOOPBACK,
    publish = publishes.length > 0 ? PUBLISHABLE : [],
    serverPort,
    serverListen: listen,
    serverFlags: flags,
    serverThrough: through,
    clientFlags,
    former,
  }: RelaySettings,
  openPath: (server: Server, keep: Resources['keep']) => Promise<P>,
): Promise<Relay<P>> {
  const resources = new Resources();
  try {
    const folder = resources.keep(new Folder());
    const ofServer =
      former === 'server' ? { engine: FORMER_ENGINE, script: FORMER_SERVER } : { engine, script: SERVER };
    const ofClient = former === 'client' ? { engine: FORMER_ENGINE, script: FORMER_CLIENT } : { engine };
    const made = await invited(ofServer.script, rightsFlags(allow, publish));
    const state = folder.at('state');
    // One that the system gives to nobody else, for a server that is started again.
    const port = serverPort ?? (await freePort());
    cpSync(made.state, state, { recursive: true });
    const server = resources.keep(await Server.start({ ...ofServer, state, listen, port, flags, through }));
    const path = await openPath(server, resources.keep);
    const invitation = formatInvitation({ ...made.invitation, port: path?.port ?? server.port });
    const admin = folder.at('client.sock');
    const client = resources.keep(
      new Client({ ...ofClient, invitation, admin, forwards, publishes, flags: clientFlags }),
    );
    const ports = await client.ready();
    const publicPorts = await client.publicPorts();
    const relay: Relay<P> = {
      ...{ folder, path, invitation, client, server },
      ...{ ports, port: ports[0] ?? 0, publicPorts, publicPort: publicPorts[0] ?? 0 },
      async [Symbol.asyncDispose]() {
        await relay.client[Symbol.asyncDispose]();
        await relay.server[Symbol.asyncDispose]();
        await resources[Symbol.asyncDispose]();
      },
    };
    return relay;
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

/** A state folder with one client, and its invitation. The invitation names no port yet. */
interface Invited {
  readonly state: string;
  readonly invitation: Invitation;
}

const states = new Folder();
const invitedBefore = new Map<string, Promise<Invited>>();
afterAll(() => states[Symbol.dispose]());

/**
 * Makes the folder once for all relays of a test file whose servers run the same script and whose
 * clients have the same rights, because an invitation takes a separate process.
 */
function invited(script: string, rights: readonly string[]): Promise<Invited> {
  const key = [script, ...rights].join(' ');
  const known = invitedBefore.get(key);
  if (known !== undefined) return known;
  const made = invite(script, states.at(`${invitedBefore.size}`), rights);
  invitedBefore.set(key, made);
  return made;
}

async function invite(script: string, state: string, rights: readonly string[]): Promise<Invited> {
  const command = ['invite', 'tester', '--state', state, '--public', '127.0.0.1:1', ...rights];
  const { stdout, stderr } = await run(script, command);
  const invitation = parseInvitation(stdout.trim());
  if (typeof invitation === 'string') throw new Error(`no invitation: ${invitation} ${stderr}`);
  return { state, invitation };
}
