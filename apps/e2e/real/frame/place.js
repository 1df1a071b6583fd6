import { eventually } from './eventually.js';
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

  /** Resolves when a socket of `protocol`, `udp` or `tcp`, listens at a port here. */
  async listens(port, protocol = 'udp') {
    const flags = protocol === 'udp' ? '-Hnlu' : '-Hnlt';
    await eventually(async () => {
      const sockets = await this.run('ss', [flags, 'sport', '=', `:${port}`]);
      if (sockets.trim() === '') throw new Error(`nothing listens at ${protocol} port ${port}`);
    });
  }
}
