import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNetwork, removeLeftNetworks, removeNetwork } from './network.js';
import { isLeft, prefixOf } from './owner.js';
import { startRelay } from './relay.js';

const FOLDER = join(tmpdir(), prefixOf(process.pid));

/** Where one scenario runs on one engine: its network, its folder, and its relay. */
export class Lab {
  engine;
  /** Places: {@link makeNetwork}. */
  service;
  nat;
  server;
  visitor;
  /** An empty folder. */
  folder = FOLDER;
  /** The relays that were started, in order. */
  relays = [];

  constructor(engine) {
    this.engine = engine;
    mkdirSync(this.folder);
    Object.assign(this, makeNetwork());
  }

  /** Writes a file into the folder. Returns its path. */
  file(name, content, mode = 0o600) {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode });
    return path;
  }

  /**
   * How many datagrams the kernel had no room for in the buffers of sockets, by the place of their
   * program: `visitor`, `server` or `service`.
   */
  async kernelDrops() {
    const places = ['visitor', 'server', 'service'];
    const counts = await Promise.all(places.map((place) => this[place].kernelDrops()));
    return Object.fromEntries(places.map((place, i) => [place, counts[i]]).filter(([, count]) => count > 0));
  }

  /** The relay that was started first. */
  get relay() {
    return this.relays[0];
  }

  /** Starts a relay: its server in `server`, its client in `service`; see {@link startRelay}. */
  async startRelay(mappings, settings) {
    const relay = await startRelay(this, mappings, settings);
    this.relays.push(relay);
    return relay;
  }
}

/** Ends all programs of a lab that this process has opened, and removes it: synchronously. */
export function closeLab() {
  removeNetwork();
  rmSync(FOLDER, { recursive: true, force: true });
}

/** Removes labs of runs that were killed. */
export function removeLeftLabs() {
  removeLeftNetworks();
  for (const name of readdirSync(tmpdir()))
    if (isLeft(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}
