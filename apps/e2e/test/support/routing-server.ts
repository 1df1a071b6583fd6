import { writeFileSync } from 'node:fs';
import { ask } from './admin.js';
import type { Engine } from './engines.js';
import { eventually } from './eventually.js';
import { Folder } from './folder.js';
import { Resources } from './resources.js';
import { Server } from './server.js';
import { dropped, type ServerStatus } from './status.js';

type RouteStatus = ServerStatus['routes'][number];

/** The routes of a server by their names, each as `LISTEN=TARGET[,TARGET…][;key=value]…`. */
export type RouteTexts<Name extends string> = Readonly<Record<Name, string>>;

/** What an upstream counts. */
export interface FlowCounts {
  readonly flows: number;
  /** Flows that have been answered so far, and those that have ended without an answer. */
  readonly answered: number;
  readonly unanswered: number;
}

/** A server that has routes and no clients. Its configuration file can be written again. */
export class RoutingServer<Name extends string = string> implements AsyncDisposable {
  readonly server: Server;
  readonly #resources: Resources;
  readonly #config: string;
  readonly #ports = new Map<string, number>();

  private constructor(server: Server, config: string, resources: Resources) {
    this.server = server;
    this.#config = config;
    this.#resources = resources;
  }

  /** Resolves when all routes are ready. Leaves nothing running if that fails. */
  static async start<Name extends string>(engine: Engine, routes: RouteTexts<Name>): Promise<RoutingServer<Name>> {
    const resources = new Resources();
    try {
      const folder = resources.keep(new Folder());
      const config = folder.at('server.toml');
      writeFileSync(config, fileOf(routes));
      const flags = ['--config', config];
      const server = resources.keep(await Server.start({ state: folder.at('state'), engine, flags }));
      const names = Object.keys(routes);
      const ready = await server.program.lines(/^relay-server ready: route .+?:(\d+) -> /, names.length);
      const routing = new RoutingServer<Name>(server, config, resources);
      for (const [i, name] of names.entries()) routing.#ports.set(name, Number(ready[i]?.[1]));
      return routing;
    } catch (error) {
      await resources[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The port of the route: of several listeners the last one's. */
  port(name: Name): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`no route ${name}`);
    return port;
  }

  /** Writes the file again and has the server read it. Returns the changes that it says. */
  async reload(routes: Readonly<Record<string, string>>): Promise<readonly string[]> {
    writeFileSync(this.#config, fileOf(routes));
    const { changes } = await ask<{ changes: string[] }>(`${this.server.state}/admin.sock`, 'reload');
    return changes;
  }

  async route(name: Name): Promise<RouteStatus> {
    const found = (await this.server.status()).routes.find(({ route }) => route === name);
    if (found === undefined) throw new Error(`no route ${name}`);
    return found;
  }

  /** What each upstream of the route counts, in the order of the upstreams. */
  async counts(name: Name): Promise<FlowCounts[]> {
    const { upstreams } = await this.route(name);
    return upstreams.map(({ flows, answered, unanswered }) => ({ flows, answered, unanswered }));
  }

  /** Resolves when the route has no flow any more. */
  async untilIdle(name: Name): Promise<void> {
    await eventually(async () => {
      const { flows } = await this.route(name);
      if (flows > 0) throw new Error(`route ${name} has ${flows} flows`);
    });
  }

  /** Datagrams of sources that were dropped so far, by reason. */
  async drops(): Promise<ServerStatus['route']['toTarget']['drops']> {
    return (await this.server.status()).route.toTarget.drops;
  }

  /** Throws unless every datagram that came in went out, or was dropped with a counted reason. */
  async expectConserved(): Promise<void> {
    await eventually(async () => {
      const { route } = await this.server.status();
      for (const traffic of [route.toTarget, route.fromTarget])
        if (traffic.inDatagrams !== traffic.outDatagrams + dropped(traffic)) throw new Error(JSON.stringify(route));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }
}

/** The file with these routes as tables. */
function fileOf(routes: Readonly<Record<string, string>>): string {
  return Object.entries(routes)
    .map(([name, text]) => ['[[route]]', `name = "${name}"`, ...keysOf(text), ''].join('\n'))
    .join('\n');
}

function keysOf(text: string): string[] {
  const [ends = '', ...settings] = text.split(';');
  const [listen = '', target = ''] = ends.split('=');
  const listOf = (items: string): string =>
    `[${items
      .split(',')
      .map((item) => `"${item}"`)
      .join(', ')}]`;
  const keys = settings.map((setting) => {
    const [key = '', value = ''] = setting.split('=');
    return `${key} = ${/^\d+$/.test(value) ? value : `"${value}"`}`;
  });
  return [`listen = ${listOf(listen)}`, `target = ${listOf(target)}`, ...keys];
}
