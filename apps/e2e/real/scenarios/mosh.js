import { join } from 'node:path';
import { expect } from '../frame/expect.js';
import { moveVisitor } from '../frame/network.js';

const PORTS = '60001-60003';
const TERMINAL = join(import.meta.dirname, '..', '..', 'test', 'support', 'pseudo-terminal.py');
const LOCALE = { LC_ALL: 'C.UTF-8', TERM: 'xterm', MOSH_PREDICTION_DISPLAY: 'never' };

/** mosh-server behind the NAT, its usual ports published; the visitor's address changes. */
export const mosh = {
  packages: ['mosh', 'python3'],
  async run(lab) {
    const { service, visitor, server } = lab;
    await lab.startRelay({ publishes: [PORTS] });
    const started = await service.run(
      'mosh-server',
      ['new', '-i', '127.0.0.1', '-p', '60001:60003', '--', 'sh', '-c', 'stty -echo; exec tr a-z A-Z'],
      { environment: LOCALE },
    );
    const [, port, key] = /MOSH CONNECT (\d+) (\S+)/.exec(started) ?? [];
    expect(key !== undefined, `mosh-server did not start: ${started}`);
    const client = visitor.start('python3', [TERMINAL, 24, 80, 'mosh-client', server.ipv4, port], {
      environment: { ...LOCALE, MOSH_KEY: key },
      terminal: true,
    });
    const before = await typed(client, 'quick');
    await moveVisitor(visitor, '203.0.113.77');
    const after = await typed(client, 'foxes');
    await moveVisitor(visitor, '203.0.113.78');
    const again = await typed(client, 'jumpy');
    const { flows } = await sourcesOf(lab);
    client.write('\x1e.');
    await client.says(/mosh.*exited|"code": ?0/s);
    return `a line came back after ${before} ms, ${after} ms and ${again} ms (address changed twice, ${flows} visitors)`;
  },
};

/** Types a line and resolves when the screen shows what the service makes of it, with the ms. */
async function typed(client, word) {
  const began = performance.now();
  client.write(`${word}\r`);
  await client.says(new RegExp(word.toUpperCase()));
  return Math.round(performance.now() - began);
}

const sourcesOf = async ({ relay }) => ({ flows: (await relay.status('client')).visitors });
