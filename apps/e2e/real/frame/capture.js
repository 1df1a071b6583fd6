import { join } from 'node:path';

/** Records what passes an interface of a place, and lets tshark read it. */
export class Capture {
  #place;
  #program;
  #path;

  constructor(place, program, path) {
    this.#place = place;
    this.#program = program;
    this.#path = path;
  }

  static async start({ folder }, place, device, filter) {
    const path = join(folder, `${device}.pcap`);
    const flags = ['--immediate-mode', '-U', '--relinquish-privileges=root', '-i', device, '-w', path];
    const program = place.start('tcpdump', [...flags, filter]);
    await program.says(/listening on/);
    return new Capture(place, program, path);
  }

  /** Ends the record. Returns what tshark prints of it with these flags. */
  async read(flags) {
    await this.#program.stop('SIGINT');
    return this.#place.run('tshark', ['-r', this.#path, ...flags], { withinMs: 60_000 });
  }
}
