import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../real/frame/eventually.js';
import { expect } from '../../real/frame/expect.js';
import { COMPILER, compile } from '../frame/compile.js';
import { ranNs } from '../frame/processor.js';
import { descriptorsOf, residentMiB, udpSockets } from '../frame/resources.js';

const LOCAL = '127.0.0.1';
const TARGET = 7_000;
/** Flows of the first end with their answer, those of the second after a second of silence. */
const WAYS = [
  { mode: 'forward', port: 7_100, flows: 300_000, rate: 800, sources: '127.0.1.1' },
  { mode: 'route', port: 7_200, flows: 700_000, rate: 1_900, sources: '127.0.101.1' },
];
const FIRST_PART = 0.1;
const PATIENCE_MS = 30 * 60_000;
const ALL_OVER_MS = 60_000;
const REST_MS = 3_000;
/** Memory at the end, against that after the first part. */
const MAX_GROWTH = 1.25;
/** The share of a core that programs without traffic may take. */
const MAX_AT_REST = 0.05;

/** A million flows come and go, and leave nothing behind. */
export const churn = {
  packages: COMPILER,
  engines: ['native'],
  async run(lab) {
    const { server: place } = lab;
    const [echo, ask] = ['echo', 'ask'].map((name) => compile(lab, name));
    await place.start(echo, [LOCAL, TARGET, 1]).says(/listens/);
    const [forward, route] = WAYS;
    const relay = await lab.startRelay(
      {
        forwards: [`${LOCAL}:${forward.port}=${LOCAL}:${TARGET};replies=1;idle=2s`],
        routes: [`${LOCAL}:${route.port}=${LOCAL}:${TARGET};idle=1s;maxFlows=50000`],
      },
      { flags: ['--idle', '2s'], address: LOCAL, clientPlace: place, allow: ['127.0.0.0/8'] },
    );
    const began = await heldBy(relay, place);
    const first = await comeAndGo(lab.server, ask, 0, FIRST_PART);
    const early = await heldBy(relay, place);
    const rest = await comeAndGo(lab.server, ask, FIRST_PART, 1);
    const late = await heldBy(relay, place);
    const asked = first.asked + rest.asked;
    const lost = asked - first.answered - rest.answered;
    const seen = `${asked} flows in ${Math.round(first.seconds + rest.seconds)} s, ${lost} not answered`;
    const words = [seen, `at first ${text(began)}`, `after ${first.asked} ${text(early)}`, `at last ${text(late)}`];
    for (const now of [early, late]) {
      expect(now.sockets === began.sockets, words.join('; '));
      for (const [i, side] of now.sides.entries()) {
        expect(side.descriptors === began.sides[i].descriptors, words.join('; '));
        expect(side.atRest <= MAX_AT_REST, words.join('; '));
      }
    }
    for (const [i, { memory }] of late.sides.entries())
      expect(memory <= early.sides[i].memory * MAX_GROWTH, words.join('; '));
    return words.join('; ');
  },
};

/** Opens this part of the flows on both ways at a time. Returns the sums. */
async function comeAndGo(place, ask, from, until) {
  const asking = WAYS.map(async ({ port, flows, rate, sources }) => {
    const flags = [LOCAL, port, rate, Math.round(flows * (until - from)), flows * from, sources];
    return JSON.parse(await place.run(ask, flags, { withinMs: PATIENCE_MS }));
  });
  const [one, other] = await Promise.all(asking);
  return {
    asked: one.asked + other.asked,
    answered: one.answered + other.answered,
    seconds: Math.max(one.seconds, other.seconds),
  };
}

/** What both programs hold once all flows are over. */
async function heldBy(relay, place) {
  await eventually(async () => {
    for (const name of relay.names) {
      const { flows } = await relay.status(name);
      expect(flows === 0, `${name} still has ${flows} flows`);
    }
  }, ALL_OVER_MS);
  const pids = relay.names.map((name) => relay.pid(name));
  const before = pids.map((pid) => ranNs([pid]));
  await delay(REST_MS);
  const sides = pids.map((pid, i) => ({
    name: relay.names[i],
    atRest: (ranNs([pid]) - before[i]) / REST_MS / 1e6,
    descriptors: descriptorsOf(pid),
    memory: residentMiB(pid),
  }));
  return { sockets: await udpSockets(place), sides };
}

function text({ sockets, sides }) {
  const each = sides.map(
    ({ name, descriptors, memory, atRest }) =>
      `${name} ${descriptors} descriptors, ${memory} MiB, ${(100 * atRest).toFixed(1)} % of a core`,
  );
  return [`${sockets} UDP sockets`, ...each].join(', ');
}
