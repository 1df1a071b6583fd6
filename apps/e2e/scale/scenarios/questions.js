import { COMPILER, compile } from '../frame/compile.js';
import { expectNoLimit } from '../frame/limits.js';
import { ranNs } from '../frame/processor.js';

const RATE = 1_000;
const SECONDS = 60;
const TARGET = 7_000;
const FORWARD = 7_100;
const ROUTE = 7_200;

/**
 * 1,000 questions a second through a forward, then through a route, with the default limits, each
 * question from a source of its own. No limit takes one. A busy machine may lose some elsewhere.
 */
export const questions = {
  packages: COMPILER,
  async run(lab) {
    const { service, server, visitor } = lab;
    const [echo, ask] = ['echo', 'ask'].map((name) => compile(lab, name));
    for (const place of [server, visitor])
      await place.start(echo, [place === server ? '127.0.0.1' : visitor.ipv4, TARGET, 1]).says(/listens/);
    const mappings = {
      forwards: [`${FORWARD}=${visitor.ipv4}:${TARGET}`],
      routes: [`127.0.0.1:${ROUTE}=127.0.0.1:${TARGET}`],
    };
    const relay = await lab.startRelay(mappings, { flags: [] });
    const seen = [];
    for (const [mode, place, port] of [
      ['forward', service, FORWARD],
      ['route', server, ROUTE],
    ]) {
      const flags = ['127.0.0.1', port, RATE, RATE * SECONDS, 0, '127.0.0.2'];
      const pids = relay.names.map((name) => relay.pid(name));
      const before = pids.map((pid) => ranNs([pid]));
      const asking = await place.run(ask, flags, { withinMs: 2_000 * SECONDS });
      const { asked, answered, seconds } = JSON.parse(asking);
      const spent = pids.map((pid, i) => Math.round((ranNs([pid]) - before[i]) / asked / 1e3));
      const processor = relay.names.map((name, i) => `${name} ${spent[i]} µs`).join(', ');
      seen.push(`${mode}: ${asked} asked in ${seconds} s, ${asked - answered} lost, each takes ${processor}`);
    }
    await expectNoLimit(relay);
    return seen.join('; ');
  },
};
