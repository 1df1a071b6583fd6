/** Whatever happens to a route, in any order: what holds all the time, and at the end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BALANCES, type Route } from '../../src/index.js';
import { RouteStage, SERVER, upstream, type Echo } from './stage.js';

const LISTEN = `${SERVER.v4}:5300`;
const TARGETS = ['10.0.0.1:53', '10.0.0.2:53', '10.0.0.3:53'];
const SOURCES = 8;
const IDLE_MS = 20_000;

type Step =
  | { readonly do: 'send'; readonly source: number }
  | { readonly do: 'stop' | 'start' | 'hush' | 'drain' | 'undrain' | 'leave' | 'come'; readonly which: number }
  | { readonly do: 'pass'; readonly ms: number };

const which = fc.nat(TARGETS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), source: fc.nat(SOURCES - 1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('stop', 'start', 'hush', 'drain', 'undrain', 'leave', 'come'),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 300, 3000, 12_000) }) },
);

class World {
  readonly stage: RouteStage;
  readonly route: Route;
  readonly echoes: readonly Echo[];
  readonly running = new Set(TARGETS);
  readonly drained = new Set<string>();
  readonly members = new Set(TARGETS);

  private constructor(stage: RouteStage, route: Route, echoes: readonly Echo[]) {
    this.stage = stage;
    this.route = route;
    this.echoes = echoes;
  }

  static async open(balance: (typeof BALANCES)[number]): Promise<World> {
    const stage = new RouteStage();
    const echoes = await stage.echoes(...TARGETS);
    const settings = { balance, idleMs: IDLE_MS, maxFlows: SOURCES - 2 };
    return new World(stage, await stage.open([[LISTEN]], TARGETS.map(upstream), settings), echoes);
  }

  async take(todo: Step): Promise<void> {
    const { stage, route, members } = this;
    if (todo.do === 'pass') return stage.pass(todo.ms);
    if (todo.do === 'send') return this.#send(todo.source);
    const target = TARGETS[todo.which] ?? '';
    const echo = this.echoes[todo.which];
    if (echo === undefined) return;
    if (todo.do === 'stop' && this.running.delete(target)) await echo.stop();
    if (todo.do === 'start' && !this.running.has(target)) {
      this.running.add(target);
      await echo.start();
    }
    if (todo.do === 'hush') echo.isSilent = !echo.isSilent;
    if (todo.do === 'drain' && stage.setDrained(route, target, true)) this.drained.add(target);
    if (todo.do === 'undrain' && stage.setDrained(route, target, false)) this.drained.delete(target);
    if (todo.do === 'leave' || todo.do === 'come') {
      members[todo.do === 'come' ? 'add' : 'delete'](target);
      if (todo.do === 'leave') this.drained.delete(target);
      stage.setUpstreams(route, ...[...members].map(upstream));
    }
  }

  /** A flow that this opens leads to an upstream that may have it; one that is open stays there. */
  async #send(source: number): Promise<void> {
    const { stage } = this;
    const targetOf = () => {
      const flows = stage.shard.flows(stage.nowMs, 100);
      return flows.find(({ source: from }) => from === `203.0.113.9:${4000 + source}`)?.target;
    };
    const before = targetOf();
    await stage.send(`203.0.113.9:${4000 + source}`, LISTEN);
    await stage.pass(20);
    const after = targetOf();
    if (before !== undefined) expect(after ?? before).toBe(before);
    else if (after !== undefined) expect([this.members.has(after), this.drained.has(after)]).toEqual([true, false]);
  }
}

test.each(BALANCES)('a route with %s accounts for everything and leaks nothing', async (balance) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = await World.open(balance);
      const { stage, route } = world;
      for (const todo of steps) {
        await world.take(todo);
        expect(stage.shard.figures().flows).toBe(route.listener.flowCount);
        expect(route.listener.flowCount).toBeLessThanOrEqual(SOURCES - 2);
      }
      await stage.pass(100);
      expect(stage.unaccounted).toBe(0);
      await stage.pass(IDLE_MS + 1000);
      expect([stage.shard.figures().flows, stage.openSockets]).toEqual([0, 0]);
      expect(stage.shard.nextWakeMs).toBe(Infinity);
    }),
    { numRuns: 60 },
  );
});
