import { cpSync } from 'node:fs';
import { afterAll } from '@jest/globals';
import { formatInvitation, parseInvitation, type Invitation } from '@relay/session';
import { Client } from './client.js';
import type { Engine } from './engines.js';
import { Folder } from './folder.js';
import { run, SERVER } from './program.js';
import { Resources } from './resources.js';
import { Server } from './server.js';
import { UdpPath } from './udp-path.js';

export interface RelaySettings {
  readonly engine: Engine;
  readonly forwards: readonly string[];
  /** The targets that the invitation allows. Default: loopback. */
  readonly allow?: readonly string[];
  readonly serverPort?: number;
  /** The address where the server listens. Default: loopback. */
  readonly serverListen?: string;
  /** The address of the server for the path between client and server. Default: the same. */
  readonly serverAddress?: string;
  readonly serverFlags?: readonly string[];
  /** The command line that runs the server: see {@link RunSettings.through}. */
  readonly serverThrough?: readonly string[];
  readonly clientFlags?: readonly string[];
}

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

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
  readonly client: Client;
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

/** Starts a server in place of the former one, which must have ended. */
export async function startServerAgain(relay: Relay, engine: Engine): Promise<void> {
  const { state, port } = relay.server;
  relay.server = await Server.start({ state, engine, port });
}

async function start<P extends UdpPath | undefined>(
  {
    engine,
    forwards,
    allow = LOOPBACK,
    serverPort: port,
    serverListen: listen,
    serverFlags: flags,
    serverThrough: through,
    clientFlags,
  }: RelaySettings,
  openPath: (server: Server, keep: Resources['keep']) => Promise<P>,
): Promise<Relay<P>> {
  const resources = new Resources();
  try {
    const folder = resources.keep(new Folder());
    const made = await invited(allow);
    const state = folder.at('state');
    cpSync(made.state, state, { recursive: true });
    const server = resources.keep(await Server.start({ state, engine, listen, port, flags, through }));
    const path = await openPath(server, resources.keep);
    const invitation = formatInvitation({ ...made.invitation, port: path?.port ?? server.port });
    const admin = folder.at('client.sock');
    const client = resources.keep(new Client({ invitation, admin, engine, forwards, flags: clientFlags }));
    const ports = await client.ready();
    const relay: Relay<P> = {
      ...{ folder, path, invitation, ports, port: ports[0] ?? 0, client, server },
      async [Symbol.asyncDispose]() {
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
const invitedByRights = new Map<string, Promise<Invited>>();
afterAll(() => states[Symbol.dispose]());

/**
 * Makes the folder once for all relays of a test file whose clients may reach the same targets,
 * because an invitation takes a separate process.
 */
function invited(allow: readonly string[]): Promise<Invited> {
  const rights = allow.flatMap((block) => ['--allow', block]);
  const known = invitedByRights.get(rights.join(' '));
  if (known !== undefined) return known;
  const made = invite(states.at(`${invitedByRights.size}`), rights);
  invitedByRights.set(rights.join(' '), made);
  return made;
}

async function invite(state: string, rights: readonly string[]): Promise<Invited> {
  const command = ['invite', 'tester', '--state', state, '--public', '127.0.0.1:1', ...rights];
  const { stdout, stderr } = await run(SERVER, command);
  const invitation = parseInvitation(stdout.trim());
  if (typeof invitation === 'string') throw new Error(`no invitation: ${invitation} ${stderr}`);
  return { state, invitation };
}
