import {
  encodeFrames,
  FLOW_CLOSE,
  FRAME,
  FRAME_LAYER_VERSION,
  PARAMETER,
  UdpPacket,
  type Endpoint,
  type Frame,
} from '@relay/packet';
import type { Random } from '@relay/socket/testing';

const MAX_U32 = 0xffff_ffff;
const MAX_BYTES = 1200;
const TOKEN_BYTES = 8;
/**
 * The share of noise. It is small, so that sessions live on and get into the states of old
 * sessions.
 */
const NOISE_RATE = 0.002;
const MUTATED_RATE = 0.01;
const CLOSE_RATE = 0.001;
/** Numbers that often break programs: limits of types, sizes of headers, and their neighbours. */
const TRICKY = [0, 1, 2, 3, 15, 16, 32, 33, 40, 41, 255, 256, 576, 1279, 1280, 1400, 65_507, 65_535, 65_536, MAX_U32];

/**
 * The frames that an authenticated peer may write into its packets: correct ones, ones with a
 * single mistake, and noise. They are the same for the same seed.
 */
export class HostileFrames {
  readonly #random: Random;
  readonly #endpoints: readonly Endpoint[];
  readonly #names: readonly string[];

  /** `endpoints` are the sources and targets of datagrams; `names` are the names to resolve. */
  constructor(random: Random, endpoints: readonly Endpoint[], names: readonly string[]) {
    this.#random = random;
    this.#endpoints = endpoints;
    this.#names = names;
  }

  /** Returns the content of one packet, 1 to 1,200 bytes. */
  packet(): Uint8Array {
    const bytes = this.#random.chance(NOISE_RATE) ? this.bytes(MAX_BYTES) : this.#frames();
    const wrong = this.#random.chance(MUTATED_RATE) ? this.#mutated(bytes) : bytes;
    return wrong.length === 0 ? Uint8Array.of(this.#below(256)) : wrong.subarray(0, MAX_BYTES);
  }

  /** Returns at most `most` bytes. */
  bytes(most: number): Uint8Array {
    const bytes = new Uint8Array(this.#below(this.#random.chance(0.8) ? Math.min(most, 40) : most + 1));
    return bytes.map(() => this.#below(256));
  }

  #frames(): Uint8Array {
    const frames = Array.from({ length: 1 + this.#below(4) }, () => this.#frame());
    return encodeFrames(frames);
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    const at = this.#below(bytes.length);
    switch (this.#below(3)) {
      case 0: {
        const flipped = Uint8Array.from(bytes);
        flipped[at] = this.#below(256);
        return flipped;
      }
      case 1:
        return bytes.slice(0, at);
      default:
        return Uint8Array.of(...bytes.subarray(0, at), ...this.bytes(8), ...bytes.subarray(at));
    }
  }

  #frame(): Frame {
    if (this.#random.chance(CLOSE_RATE)) return { type: 'close', reason: this.#below(256) };
    const kind = this.#below(100);
    if (kind < 30) return this.#datagramFrame();
    if (kind < 40) return this.#fragment();
    if (kind < 60) return this.#flowFrame();
    return this.#channelFrame();
  }

  #datagramFrame(): Frame {
    const flowId = this.#flowId();
    if (this.#random.chance(0.5)) return { type: 'compact', flowId, payload: this.bytes(300) };
    const [source, destination] = [this.#endpoint(), this.#endpoint()];
    return { type: 'addressed', flowId, packet: UdpPacket.from({ source, destination, payload: this.bytes(300) }) };
  }

  /** A piece of some datagram. Now and then pieces of the same one meet. */
  #fragment(): Frame {
    const count = 1 + this.#below(4);
    const total = count * (1 + this.#below(60));
    const index = this.#below(count);
    return { type: 'fragment', id: this.#below(6), total, index, count, piece: new Uint8Array(total / count).fill(1) };
  }

  #flowFrame(): Frame {
    const flowId = this.#flowId();
    switch (this.#below(3)) {
      case 0:
        return { type: 'flowAcknowledge', flowId };
      case 1:
        return { type: 'flowUnknown', flowId };
      default:
        return { type: 'flowClose', flowId, reason: this.#below(Object.keys(FLOW_CLOSE).length + 3) };
    }
  }

  #channelFrame(): Frame {
    switch (this.#below(8)) {
      case 0:
        return { type: 'ping', token: this.#exactly(TOKEN_BYTES), timeUs: this.#integer() };
      case 1: {
        const [token, observed] = [this.#exactly(TOKEN_BYTES), this.#endpoint()];
        return { type: 'pong', token, timeUs: this.#integer(), delayUs: this.#integer(), observed };
      }
      case 2: {
        const [index, received, highest] = [this.#integer(), this.#integer(), this.#integer()];
        return { type: 'report', index, received, highest, jitterUs: this.#integer(), roundTripUs: this.#integer() };
      }
      case 3:
        return this.#parameters();
      case 4:
      case 5:
        return { type: 'request', id: this.#below(600), kind: this.#below(7), body: this.#controlBody() };
      case 6: {
        const [id, kind, status] = [this.#below(20), this.#below(7), this.#below(12)];
        return { type: 'answer', id, kind, status, body: this.#controlBody() };
      }
      default:
        return this.#random.chance(0.5)
          ? { type: 'padding', length: this.#below(50) }
          : { type: 'skipped', number: 0x60 + this.#below(0x20), body: this.bytes(30) };
    }
  }

  /**
   * Mostly each value is a possible one. The bytes are written by hand, because the encoder refuses
   * other values.
   */
  #parameters(): Frame {
    const entries = Object.entries(PARAMETER).flatMap(([name, key]) => {
      if (!this.#random.chance(0.5)) return [];
      const value = this.#random.chance(0.02)
        ? this.#integer()
        : name === 'maxPacketBytes'
          ? 1200 + this.#below(300)
          : 30_000;
      return [key, 4, ...new Uint8Array(Uint32Array.of(value).buffer)];
    });
    const version = this.#random.chance(0.99) ? FRAME_LAYER_VERSION : this.#below(256);
    return { type: 'skipped', number: FRAME.parameters, body: Uint8Array.of(version, ...entries) };
  }

  #controlBody(): Uint8Array {
    const name = this.#names[this.#below(this.#names.length + 1)];
    return name === undefined ? this.bytes(MAX_BYTES / 2) : new TextEncoder().encode(name);
  }

  /** The id is mostly one of a few, so that frames are about the same flows. */
  #flowId(): number {
    return this.#random.chance(0.9) ? this.#below(12) : this.#integer();
  }

  #endpoint(): Endpoint {
    return this.#endpoints[this.#below(this.#endpoints.length)] ?? { address: '::', port: 1 };
  }

  #integer(): number {
    const tricky = TRICKY[this.#below(2 * TRICKY.length)];
    return tricky ?? this.#below(MAX_U32 + 1);
  }

  #exactly(length: number): Uint8Array {
    return new Uint8Array(length).map(() => this.#below(256));
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}
