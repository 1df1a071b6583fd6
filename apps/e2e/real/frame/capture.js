import { join } from 'node:path';

/** How long a record waits for packets that are missing. */
const PATIENCE_MS = 3_000;
const BUFFER_KIB = 16 << 10;

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

  /** Records `count` packets that fit `filter`. */
  static async start({ folder }, place, device, filter, count) {
    const path = join(folder, `${device}.pcap`);
    const flags = [
      '--immediate-mode',
      '-B',
      BUFFER_KIB,
      '-U',
      '-c',
      count,
      '--relinquish-privileges=root',
      '-i',
      device,
      '-w',
      path,
    ];
    const program = place.start('tcpdump', [...flags, filter]);
    await program.says(/listening on/);
    return new Capture(place, program, path);
  }

  /** Returns what tshark prints of the record with these flags, once it is whole. */
  async read(flags) {
    await this.#program.finished(PATIENCE_MS);
    return this.#place.run('tshark', ['-r', this.#path, ...flags], { withinMs: 60_000 });
  }
}
