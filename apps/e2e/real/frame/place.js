import { eventually } from './eventually.js';
import { expect } from './expect.js';
import { Program } from './program.js';

/** A network namespace, with the programs that run there. */
export class Place {
  /** Its addresses, each without its prefix length. */
  ipv4;
  ipv6;
  #namespace;

  constructor(namespace, { ipv4, ipv6 } = {}) {
    this.#namespace = namespace;
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  /** Starts a program here. It ends with the lab at the latest. */
  start(command, args, options) {
    return new Program('ip', ['netns', 'exec', this.#namespace, command, ...args.map(String)], options);
  }

  /** Runs a program to its end, with `input` on its stdin: see {@link Program.succeeded}. */
  run(command, args, { input = '', withinMs, ...options } = {}) {
    const program = this.start(command, args, options);
    program.end(input);
    return program.succeeded(withinMs);
  }

  /** How many datagrams its kernel had no room for in the buffers of their sockets. */
  async kernelDrops() {
    const [names, figures] = (await this.run('grep', ['^Udp:', '/proc/net/snmp']))
      .split('\n')
      .map((row) => row.split(' '));
    return Number(figures[names.indexOf('RcvbufErrors')]);
  }

  /**
   * Resolves when a program here listens at a port, `udp` or `tcp`, of one address or of any.
   * Rejects if it ends before.
   */
  async listens(program, port, protocol = 'udp', address = '') {
    const flags = protocol === 'udp' ? '-Hnlu' : '-Hnlt';
    const local = `${address.includes(':') ? `[${address}]` : address}:${port}`;
    const sockets = await eventually(async () => {
      const found = await this.run('ss', [flags, 'src', local]);
      if (found.trim() === '' && !program.hasEnded) throw new Error(`nothing listens at ${protocol} port ${port}`);
      return found.trim();
    });
    if (sockets === '') await program.succeeded();
    expect(sockets !== '', `it ended before it listened at ${protocol} port ${port}: ${program.said}`);
  }
}
