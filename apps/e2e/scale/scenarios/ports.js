import { join } from 'node:path';
import { eventually } from '../../real/frame/eventually.js';
import { expect } from '../../real/frame/expect.js';
import { invite, stateOf } from '../../real/frame/relay.js';
import { COMPILER, compile } from '../frame/compile.js';
import { descriptorsOf, portsOf, residentMiB } from '../frame/resources.js';

const LOCAL = '127.0.0.1';
const PORT = 7_878;
const FIRST_TARGET = 20_000;
const TARGETS = 1_000;
const CLIENTS = 100;
const FLOWS = CLIENTS * TARGETS;
const MAX_PORTS = 2_000;
const PATIENCE_MS = 10 * 60_000;
const ALL_OVER_MS = 60_000;
const PROGRAM = join(import.meta.dirname, '..', 'programs', 'clients.js');

/** 100 clients, each with flows to 1,000 targets, take at most 2,000 ports of the server's host. */
export const ports = {
  packages: COMPILER,
  engines: ['native'],
  async run(lab) {
    const { server: place } = lab;
    await place.start(compile(lab, 'echo'), [LOCAL, FIRST_TARGET, TARGETS]).says(/listens/);
    const settings = { name: 'relay', port: PORT, address: LOCAL, allow: ['127.0.0.0/8'] };
    const flags = ['--max-flows', 2.5 * FLOWS, '--idle', '1h'];
    const relay = await lab.startRelay({}, { ...settings, flags });
    const state = stateOf(lab, settings);
    const invitation = await invite(lab, state, 'first', settings);
    const before = await portsOf(relay.pid('server'), place);
    const clients = place.start('node', [PROGRAM, state, PORT, CLIENTS, FIRST_TARGET, TARGETS], {
      environment: { RELAY_SERVER: invitation },
    });
    const [line] = await clients.says(/\{.*\}\n/, { withinMs: PATIENCE_MS });
    const { answered } = JSON.parse(line);
    const { flows } = await relay.status('server');
    const taken = (await portsOf(relay.pid('server'), place)) - before;
    const held = `${descriptorsOf(relay.pid('server'))} descriptors, ${residentMiB(relay.pid('server'))} MiB`;
    const words = `${flows} flows of ${CLIENTS} clients, ${answered} answered: ${taken} ports of the host, ${held}`;
    expect(answered === FLOWS && flows === FLOWS && taken <= MAX_PORTS, words);
    await clients.stop();
    await eventually(async () => {
      const left = (await portsOf(relay.pid('server'), place)) - before;
      expect(left === 0, `${words}; ${left} are left when the clients are gone`);
    }, ALL_OVER_MS);
    return `${words}; none when the clients are gone`;
  },
};
