import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { LiveConfiguration, Service } from '@relay/program';
import { clientSchema } from '../../src/options.js';
import { clientProgram } from '../../src/program.js';
import type { ClientSettings, RunningClient } from '../../src/running-client.js';
import { temporaryFolder } from '../temporary-folder.js';
import { openApplication, type Application } from './application.js';
import { LoopbackServer } from './loopback-server.js';
import { logRecords } from './log-records.js';

export type ClientFlags = Readonly<Record<string, unknown>>;

/** Starts servers, clients and applications in this process, and closes them after each test. */
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

  /** Calls `close` after the test. */
  whenDone(close: () => Promise<unknown>): void {
    this.#toClose.push(close);
  }

  async server(features?: number): Promise<LoopbackServer> {
    const server = await LoopbackServer.open(features);
    this.#toClose.push(() => server.close());
    return server;
  }

  async application(): Promise<Application> {
    const application = await openApplication();
    this.#toClose.push(() => application.close());
    return application;
  }

  /**
   * Starts a client that searches for the server of the invitation. Its logs go to a separate
   * folder.
   */
  async client(server: string, flags: ClientFlags, stop = (): void => undefined): Promise<StartedClient> {
    const logDir = this.newPath();
    const all = { server, engine: 'dgram', admin: 'off', 'log-dir': logDir, 'log-level': 'info', ...flags };
    const service = await Service.start(clientProgram, new LiveConfiguration(clientSchema, all), stop);
    const started = new StartedClient(service, logDir);
    this.#toClose.push(() => started.close());
    return started;
  }
}

export class StartedClient {
  readonly running: RunningClient;
  readonly logDir: string;
  readonly #service: Service<ClientSettings, RunningClient>;
  #isClosed = false;

  constructor(service: Service<ClientSettings, RunningClient>, logDir: string) {
    this.#service = service;
    this.running = service.own;
    this.logDir = logDir;
  }

  /** Returns the port on which a forward listens. */
  port(forward = 0, port = 0): number {
    return this.running.client.forwards[forward]?.ports[port]?.socket.local.port ?? 0;
  }

  get log(): Record<string, unknown>[] {
    return logRecords(this.logDir);
  }

  get messages(): unknown[] {
    return this.log.map(({ message }) => message);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) await this.#service.close();
    this.#isClosed = true;
  }
}
