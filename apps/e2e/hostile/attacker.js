/**
 * The process of an attacker: its invitation, its attack and how long as arguments. The target of
 * what it sends is in this process too, so that nobody else has to take it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { ATTACKS } from './attacks.js';
import { Channel, nowMs, sleep } from './channel.js';
import { service } from './server.js';

const BURST = 64;
/** What could not be sent within this is not sent later: the rate has no peaks. */
const LATEST_MS = 10;
const [invitation, name, ms] = process.argv.slice(2);
const { endpoint: target } = await service(false);
const { write, perSecond } = ATTACKS[name];

const channel = await Channel.open(invitation);
channel.addressed(2, { address: '127.0.0.1', port: 1000 }, target, Buffer.from('x'));
await sleep(200);
process.send('ready');
await new Promise((resolve) => process.once('message', resolve));

const startMs = nowMs();
let sent = 0;
let missed = 0;
while (nowMs() - startMs < Number(ms)) {
  const due = Math.floor(((nowMs() - startMs) * perSecond) / 1000);
  missed = Math.max(missed, due - sent - Math.max(1, (LATEST_MS * perSecond) / 1000));
  for (let i = 0; i < BURST && sent + missed < due; i++) channel.send(write(sent++, target));
  await turn();
}
await new Promise((resolve) => process.send({ perSecond: (sent / Number(ms)) * 1000 }, resolve));
process.exit(0);
