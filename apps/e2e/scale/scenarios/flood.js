import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { expect } from '../../real/frame/expect.js';
import { COMPILER, compile } from '../frame/compile.js';
import { loadOf } from '../frame/processor.js';
import { residentMiB } from '../frame/resources.js';

const PORT = 7_000;
const VISITORS = 10;
const VISITOR_RATE = 20;
const SECONDS = 10;
/** Datagrams a second, the highest first. */
const RATES = [102_000, 50_000, 25_000, 12_500, 6_000, 3_000];
const MAX_BUSY = 0.9;
const MAX_GROWTH_MIB = 48;
/**
 * The loops of both programs, their other threads (collections wait for them), the flood: each goes
 * before the next. In earnest each program is on a machine of its own.
 */
const LOOP_PRIORITY = -15;
const HELPER_PRIORITY = -14;
const FLOOD_PRIORITY = -12;
const SPOOFED = '198.18.0.0/15';
const PROGRAM = join(import.meta.dirname, '..', 'programs', 'visitors.js');

/**
 * A published port is flooded from spoofed sources, at the highest rate at which the server's core
 * is not busy. Ten visitors who have flows there lose nothing, and the server's memory does not
 * grow.
 */
export const flood = {
  packages: COMPILER,
  engines: ['native'],
  async run(lab) {
    const { service, internet, server, visitor } = lab;
    await service.start(compile(lab, 'echo'), ['127.0.0.1', PORT, 1]).says(/listens/);
    await lab.startRelay({ publishes: [PORT] }, { flags: [] });
    for (const program of ['server', 'client']) putFirst(lab.relay.pid(program));
    // Nothing comes back of the answers to spoofed sources.
    await internet.run('ip', ['route', 'add', 'blackhole', SPOOFED]);
    await internet.run('sysctl', ['-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.visitor.rp_filter=0']);
    const gateway = (await internet.run('cat', ['/sys/class/net/visitor/address'])).trim();
    const program = compile(lab, 'flood');
    const visitors = visitor.start('node', [PROGRAM, server.ipv4, PORT, VISITORS, VISITOR_RATE, SECONDS]);
    await visitors.says(/all answered/);
    const rounds = [];
    for (const rate of RATES) {
      const target = [gateway, server.ipv4, PORT, rate, SECONDS];
      rounds.push(
        await oneRound(lab, visitors, () => visitor.run('nice', ['-n', FLOOD_PRIORITY, program, 'net', ...target])),
      );
      if (rounds.at(-1).busy < MAX_BUSY) break;
    }
    const words = rounds.map(text).join('; ');
    const { busy, lost, memory } = rounds.at(-1);
    expect(busy < MAX_BUSY, `the core is busy at every rate: ${words}`);
    expect(lost === 0 && memory <= rounds[0].memory + MAX_GROWTH_MIB, words);
    return words;
  },
};

function putFirst(pid) {
  for (const task of readdirSync(`/proc/${pid}/task`))
    setPriority(Number(task), Number(task) === pid ? LOOP_PRIORITY : HELPER_PRIORITY);
}

async function oneRound({ relay, server }, visitors, run) {
  const since = visitors.said.length;
  const pid = relay.pid('server');
  const cameBefore = (await relay.status('server')).publish.toTarget.inDatagrams;
  const dropsBefore = await server.kernelDrops();
  const before = loadOf(pid);
  const began = performance.now();
  visitors.write('\n');
  const flooding = JSON.parse(await run());
  const after = loadOf(pid);
  const wallNs = (performance.now() - began) * 1e6;
  const came = (await relay.status('server')).publish.toTarget.inDatagrams - cameBefore;
  const [line] = await visitors.says(/\{.*\}\n/, { since, withinMs: 60_000 });
  const { sent, back } = JSON.parse(line);
  return {
    rate: Math.round(flooding.sent / flooding.seconds),
    ran: (after.ranNs - before.ranNs) / wallNs,
    busy: (after.ranNs - before.ranNs + after.waitedNs - before.waitedNs) / wallNs,
    each: (after.ranNs - before.ranNs) / came,
    sent,
    lost: sent - back,
    kernelDrops: (await server.kernelDrops()) - dropsBefore,
    memory: residentMiB(pid),
  };
}

const text = ({ rate, ran, busy, each, sent, lost, kernelDrops, memory }) =>
  [
    `${rate} spoofed/s: core ${percent(busy)} (run ${percent(ran)}, ${(each / 1e3).toFixed(1)} µs a datagram)`,
    `${lost} of ${sent} lost, kernel ${kernelDrops}, ${memory} MiB`,
  ].join(', ');

const percent = (share) => `${Math.round(100 * share)} %`;
