/** Routes that change while datagrams flow: tables in the file with a reload, and by command. */
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { askOften, askOnce } from '../support/asking.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Resources, shared } from '../support/resources.js';
import { RoutingServer } from '../support/routing-server.js';
import { openNamed, type Service } from '../support/service.js';

const SOURCES = 6;
/** Exchanges of each source between two changes. */
const BETWEEN_CHANGES = 10;

/** Sources that ask again and again, each as soon as it has its answer. */
class Traffic implements AsyncDisposable {
  readonly #resources = new Resources();
  readonly #running: Promise<void>[] = [];
  #isStopping = false;
  /** What each source has been answered, in order. */
  readonly answers: string[][] = [];

  static async open(port: number): Promise<Traffic> {
    const traffic = new Traffic();
    for (let i = 0; i < SOURCES; i++) {
      const application = traffic.#resources.keep(await Application.open());
      // One after the other, so that the sources take turns.
      traffic.answers.push([`${(await application.exchange('?', port))?.toString()}`]);
      traffic.#running.push(traffic.#run(application, port, traffic.answers[i] ?? []));
    }
    return traffic;
  }

  /** How many exchanges there were. */
  get exchanged(): number {
    return this.answers.reduce((sum, { length }) => sum + length, 0);
  }

  /** Resolves when each source has had some more answers. */
  async goesOn(): Promise<void> {
    const before = this.answers.map(({ length }) => length);
    await eventually(() => {
      for (const [i, { length }] of this.answers.entries())
        expect(length).toBeGreaterThan((before[i] ?? 0) + BETWEEN_CHANGES);
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled(this.#running);
    await this.#resources[Symbol.asyncDispose]();
  }

  /** A datagram that is lost ends it. */
  async #run(application: Application, port: number, answers: string[]): Promise<void> {
    while (!this.#isStopping) answers.push(`${(await application.exchange('?', port))?.toString()}`);
  }
}

describe.each(ENGINES)('a route that changes, engine %s,', (engine) => {
  const upstreams = shared(async (keep) => {
    const [one, other, third] = [keep(await openNamed()), keep(await openNamed()), keep(await openNamed())];
    return { one, other, third, port: (service: Service) => `${service.port}` };
  });

  const route = (...services: readonly Service[]): string =>
    `127.0.0.1:0=${services.map(({ endpoint }) => endpoint).join(',')}`;

  test('loses no datagram of its flows, which stay at their upstreams', async () => {
    const { one, other, third, port } = upstreams();
    await using routing = await RoutingServer.start(engine, { live: route(one, other) });
    const live = routing.port('live');
    await using traffic = await Traffic.open(live);
    for (const services of [[one, other, third], [third], [third, one]]) {
      // The system has chosen the port; the file names it from now on.
      await routing.reload({ live: route(...services).replace(':0=', `:${live}=`) });
      await traffic.goesOn();
      const counts = await askOften(services.length * 2, live);
      expect(counts).toEqual(new Map(services.map((service) => [port(service), 2])));
    }
    await traffic.stop();
    for (const answers of traffic.answers) expect(new Set(answers).size).toBe(1);
    expect(traffic.answers.map(([first]) => first)).toEqual(
      Array.from({ length: SOURCES }, (_, i) => port(i % 2 === 0 ? one : other)),
    );
    await routing.expectConserved();
    expect(await routing.drops()).toEqual({});
  });

  test('gives a drained upstream no new flow, and takes none from it', async () => {
    const { one, other, port } = upstreams();
    await using routing = await RoutingServer.start(engine, { drained: route(one, other) });
    const listen = routing.port('drained');
    await using traffic = await Traffic.open(listen);
    const say = async (verb: string): Promise<void> => {
      const { code, stderr } = await routing.server.command(verb, `127.0.0.1:${listen}`, one.endpoint);
      expect([code, stderr]).toEqual([0, '']);
    };
    await say('drain');
    expect((await routing.route('drained')).upstreams.map(({ state }) => state)).toEqual(['drained', 'up']);
    expect(await askOften(4, listen)).toEqual(new Map([[port(other), 4]]));
    await traffic.goesOn();
    await say('undrain');
    expect((await askOften(4, listen)).get(port(one))).toBe(2);
    await traffic.stop();
    for (const answers of traffic.answers) expect(new Set(answers).size).toBe(1);
    await routing.expectConserved();
    expect(await routing.drops()).toEqual({});
  });

  test('by hash moves only the sources that a new upstream takes (as stream_udp_upstream_hash)', async () => {
    const { one, other, third, port } = upstreams();
    const hashed = (...services: readonly Service[]): { hashed: string } => ({
      hashed: `${route(...services)};balance=hash;replies=1`,
    });
    await using routing = await RoutingServer.start(engine, hashed(one, other));
    const listen = routing.port('hashed');
    const ask = async (): Promise<string[]> => {
      const answers: string[] = [];
      for (let i = 1; i <= 30; i++) answers.push(await askOnce(listen, `127.0.1.${i}`, '127.0.0.1'));
      return answers;
    };
    const before = await ask();
    await routing.reload(hashed(third, one, other));
    const after = await ask();
    expect(after).toContain(port(third));
    expect(after.map((answer, i) => (answer === port(third) ? port(third) : before[i]))).toEqual(after);
    await routing.reload(hashed(other, one));
    expect(await ask()).toEqual(before);
  });
});
