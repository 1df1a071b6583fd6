import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { LiveConfiguration } from '@relay/program';
import { serverSchema } from '../../src/options.js';
import { RunningServer } from '../../src/running-server.js';
import { invite, type Rights } from '../../src/state/invite.js';
import { temporaryFolder } from '../temporary-folder.js';
import { openEcho, type Echo } from './echo.js';
import { LoopbackClient } from './loopback-client.js';

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

  async server(more: Readonly<Record<string, unknown>> = {}, stop = (): void => undefined): Promise<RunningServer> {
    const running = await RunningServer.start(new LiveConfiguration(serverSchema, this.flags(more)), stop);
    let isClosed = false;
    const close = running.close.bind(running);
    running.close = async () => {
      if (!isClosed) await close();
      isClosed = true;
    };
    this.#toClose.push(() => running.close());
    return running;
  }

  async echo(): Promise<Echo> {
    const echo = await openEcho();
    this.#toClose.push(() => echo.close());
    return echo;
  }

  /** A client that has an invitation of its own with these rights, and is connected. */
  async client(running: RunningServer, name: string, rights: Rights): Promise<LoopbackClient> {
    const invitation = invite(running.state, name, rights, { host: '127.0.0.1', port: running.server.local.port });
    running.reloadClients();
    const client = new LoopbackClient(invitation, running.server.local);
    this.#toClose.push(() => client.close());
    return client.connect();
  }
}
