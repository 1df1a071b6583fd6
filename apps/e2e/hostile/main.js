/**
 * Measures what one hostile client with an invitation can do to a server and to another client.
 * After a build:
 *
 *     pnpm --filter @relay/e2e hostile [cost|victim] [ATTACK] [--engine native|dgram] [--seconds N]
 *
 * `cost`: the server's processor time for one packet of each kind, and what comes back. `victim`:
 * what a client with 200 datagrams a second feels. Ends with 1 if the victim lost a datagram, or
 * its 99th percentile is above three times that of the quiet server, and above 10 ms. The hostile
 * client would take the processor from both: it is on another machine in earnest. As root, the
 * server and the victim go before it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ATTACKS } from './attacks.js';
import { Channel, nowMs, sleep } from './channel.js';
import { Server, service } from './server.js';
import { Victim } from './victim.js';

const ATTACKER = fileURLToPath(new URL('attacker.js', import.meta.url));
const QUIET_FACTOR = 3;
const LEAST_P99_MS = 10;
const FIRST = -15;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { engine: { type: 'string', default: 'native' }, seconds: { type: 'string', default: '4' } },
});
const runMs = Number(values.seconds) * 1000;
const parts = ['cost', 'victim'].filter((part) => positionals.includes(part));
const wanted = positionals.filter((word) => !parts.includes(word));
const names = Object.keys(ATTACKS).filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));

if (process.getuid() === 0) setPriority(FIRST);
const echo = await service(true);
const sink = await service(false);
let failures = 0;
if (parts.length === 0 || parts.includes('cost')) for (const name of names) await cost(name);
if (parts.length === 0 || parts.includes('victim')) for (const name of names) if (!(await attack(name))) failures++;
process.exit(failures === 0 ? 0 : 1);

/** Sends packets at a rate that loses nothing, and prints what one of them costs. */
async function cost(name) {
  const { write, cost: perSecond } = ATTACKS[name];
  const server = await Server.start(values.engine);
  const channel = await Channel.open(server.invite('mallory'));
  channel.addressed(2, { address: '127.0.0.1', port: 1000 }, sink.endpoint, Buffer.alloc(0));
  await sleep(300);
  const idleBefore = server.cpuMs;
  await sleep(1000);
  const idleMs = server.cpuMs - idleBefore;
  const before = { cpuMs: server.cpuMs, out: channel.bytesOut, in: channel.bytesIn, sunk: sink.counted() };
  const startMs = nowMs();
  let sent = 0;
  while (nowMs() - startMs < runMs) {
    const due = ((nowMs() - startMs) * perSecond) / 1000;
    while (sent < due) channel.send(write(sent++, sink.endpoint));
    await sleep(2);
  }
  await sleep(500);
  const cpuMs = server.cpuMs - before.cpuMs - (idleMs * (runMs + 500)) / 1000;
  const amplification = (channel.bytesIn - before.in) / (channel.bytesOut - before.out);
  const out = (sink.counted() - before.sunk) / sent;
  console.log(
    `cost, ${values.engine}: ${name}: ${((cpuMs / sent) * 1000).toFixed(0)} us, ` +
      `${amplification.toFixed(2)} bytes back for each, ${out.toFixed(1)} to the target`,
  );
  channel.close();
  await server.stop();
}

/** Prints what the victim feels. Returns whether that is as promised. */
async function attack(name) {
  const server = await Server.start(values.engine);
  const channel = await Channel.open(server.invite('victim'));
  const victim = await Victim.begin(channel, echo.endpoint);
  const quiet = await victim.measure(2000);
  const child = fork(ATTACKER, [server.invite('mallory'), name, String(runMs)]);
  if (process.getuid() === 0) setPriority(child.pid, 0);
  await once(child, 'message');
  child.send('go');
  const rate = once(child, 'message');
  const loaded = await victim.measure(runMs - 500);
  const [{ perSecond }] = await rate;
  const { packets } = server.status();
  const isKept = loaded.lost === 0 && loaded.p99 <= Math.max(QUIET_FACTOR * quiet.p99, LEAST_P99_MS);
  console.log(
    `victim, ${values.engine}: ${name}, ${perSecond.toFixed(0)}/s: ` +
      `median ${ms(quiet.median)} -> ${ms(loaded.median)}, p99 ${ms(quiet.p99)} -> ${ms(loaded.p99)}, ` +
      `longest ${ms(loaded.longest)}, lost ${loaded.lost} of ${loaded.sent}${isKept ? '' : ' FAILED'} ` +
      JSON.stringify({ ...packets.drops, kernelDrops: packets.kernelDrops }),
  );
  channel.close();
  await server.stop();
  return isKept;
}

function ms(value) {
  return `${value.toFixed(1)} ms`;
}
