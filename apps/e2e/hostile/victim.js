/** A client that sends 200 datagrams a second to an echo service, and measures their way back. */
import { compactPayloadOffset, FRAME } from '@relay/packet';
import { nowMs, sleep } from './channel.js';

const FLOW = 2;
const EVERY_MS = 5;
const PAYLOAD_BYTES = 100;
/** What has not come back after this is lost. */
const PATIENCE_MS = 1500;

export class Victim {
  #channel;
  #sentMs = [];
  #times = [];

  static async begin(channel, service) {
    const victim = new Victim();
    victim.#channel = channel;
    channel.onFrame = (frame) => victim.#came(frame);
    channel.addressed(FLOW, { address: '127.0.0.1', port: 1000 }, service, Buffer.alloc(PAYLOAD_BYTES));
    await sleep(300);
    return victim;
  }

  /** Sends for so long. Returns the median and 99th percentile, in ms, and how many were lost. */
  async measure(ms) {
    this.#sentMs = [];
    this.#times = [];
    const startMs = nowMs();
    while (nowMs() - startMs < ms) {
      const due = Math.floor((nowMs() - startMs) / EVERY_MS);
      while (this.#sentMs.length < due) this.#send();
      await sleep(1);
    }
    const sent = this.#sentMs.length;
    await sleep(PATIENCE_MS);
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
    return { sent, lost: sent - sorted.length, median: at(0.5), p99: at(0.99), longest: at(1) };
  }

  #send() {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt32LE(this.#sentMs.length);
    this.#sentMs.push(nowMs());
    this.#channel.compact(FLOW, payload);
  }

  #came({ type, bytes, offset }) {
    if (type !== FRAME.compact) return;
    const at = compactPayloadOffset(bytes, offset);
    const number = Buffer.from(bytes.buffer, bytes.byteOffset + at, 4).readUInt32LE(0);
    const sentMs = this.#sentMs[number];
    if (sentMs === undefined) return;
    this.#times.push(nowMs() - sentMs);
    this.#sentMs[number] = undefined;
  }
}
