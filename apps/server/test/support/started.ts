import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { LiveConfiguration, Service } from '@relay/program';
import { serverSchema } from '../../src/options.js';
import { serverProgram } from '../../src/program.js';
import type { RunningServer, ServerSettings } from '../../src/running-server.js';
import { invite, type Rights } from '../../src/state/invite.js';
import { temporaryFolder } from '../temporary-folder.js';
import { captured } from './captured.js';
import { openEcho, type Echo } from './echo.js';
import { LoopbackClient } from './loopback-client.js';

/** A server that runs in its frame. */
export type Started = Service<ServerSettings, RunningServer>;

/** The invitation in what a server said at its first start; undefined at every other. */
export const firstInvitation = (said: string): string | undefined => /relay:\/\/[^']+/.exec(said)?.[0];

/** Starts servers, targets and clients in this process, and closes them after each test. */
export class Stage {
  readonly folder = temporaryFolder();
  readonly #toClose: (() => Promise<unknown>)[] = [];
  #count = 0;

  constructor() {
    afterEach(async () => {
      for (const close of this.#toClose.splice(0).reverse()) await close();
    });
  }

  newPath(): string {
    return join(this.folder, `${++this.#count}`);
  }

  /** Flags of a server with a state folder of its own, on any free port of loopback. */
  flags(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    const state = this.newPath();
    return { listen: '127.0.0.1:0', state, engine: 'dgram', 'log-level': 'error', ...more };
  }

  async server(more: Readonly<Record<string, unknown>> = {}, stop = (): void => undefined): Promise<Started> {
    return (await this.start(more, stop)).running;
  }

  /** Starts a server as on a terminal, and gives what it said on stdout until it ran. */
  async start(
    more: Readonly<Record<string, unknown>> = {},
    stop = (): void => undefined,
  ): Promise<{ running: Started; said: string }> {
    const configuration = new LiveConfiguration(serverSchema, this.flags(more));
    const { result: running, stdout: said } = await captured(() => Service.start(serverProgram, configuration, stop), {
      isTerminal: true,
    });
    let isClosed = false;
    const close = running.close.bind(running);
    running.close = async () => {
      if (!isClosed) await close();
      isClosed = true;
    };
    this.#toClose.push(() => running.close());
    return { running, said };
  }

  async echo(): Promise<Echo> {
    const echo = await openEcho();
    this.#toClose.push(() => echo.close());
    return echo;
  }

  /** Another client with the key of this invitation. */
  async clientOf({ own }: Started, invitation: string): Promise<LoopbackClient> {
    const client = new LoopbackClient(invitation, own.server.local);
    this.#toClose.push(() => client.close());
    return client.connect();
  }

  /** A client that has an invitation of its own with these rights, and is connected. */
  client(running: Started, name: string, rights: Rights): Promise<LoopbackClient> {
    return this.clientOf(running, this.invite(running, name, rights));
  }

  /** An invitation with these rights, which the server knows. */
  invite({ own }: Started, name: string, rights: Rights): string {
    const invitation = invite(own.state, name, rights, { host: '127.0.0.1', port: own.server.local.port });
    own.lookAtClients([name]);
    return invitation;
  }
}
