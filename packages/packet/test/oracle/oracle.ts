/**
 * A second decoder, slow and obviously right: it reads docs/protocol.md from top to bottom with
 * BigInt and copies, and gives up by throwing. It shares nothing with the package.
 */

/** What makes the oracle give up. */
class Refused extends Error {}

class Reader {
  readonly #bytes: number[];

  constructor(bytes: Iterable<number>) {
    this.#bytes = [...bytes];
  }

  get left(): number {
    return this.#bytes.length;
  }

  take(length: number): number[] {
    if (length > this.#bytes.length) throw new Refused();
    return this.#bytes.splice(0, length);
  }

  rest(): number[] {
    return this.take(this.left);
  }

  integer(length: number): number {
    const value = this.take(length).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
    demand(value < 2n ** 53n);
    return Number(value);
  }

  end(): void {
    demand(this.left === 0);
  }
}

function demand(condition: boolean): asserts condition {
  if (!condition) throw new Refused();
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** A UdpPacket as numbers, or undefined where it is refused. */
export function oracleUdpPacket(bytes: Iterable<number>): object | undefined {
  return attempt(() => udpPacket(new Reader(bytes)));
}

/** Frames as numbers, or undefined where they are refused. */
export function oracleFrames(bytes: Iterable<number>): object[] | undefined {
  return attempt(() => {
    const reader = new Reader(bytes);
    const frames: object[] = [];
    while (reader.left > 0) {
      const first = reader.integer(1);
      const body = first >= 128 ? reader.take(reader.integer(2)) : reader.rest();
      frames.push(frame(first % 128, new Reader(body)));
    }
    return frames;
  });
}

function udpPacket(reader: Reader): object {
  demand(reader.integer(1) === 1);
  const flags = reader.integer(1);
  demand(flags < 8);
  const length = reader.integer(2);
  demand(length <= 65507);
  const source = endpoint(reader, flags % 2 === 1);
  const destination = endpoint(reader, flags % 4 >= 2);
  demand(destination.port > 0);
  const timestampUs = flags >= 4 ? reader.integer(8) : undefined;
  demand(timestampUs === undefined || timestampUs < 2 ** 52);
  const payload = reader.take(length);
  reader.end();
  return { source, destination, timestampUs, payload };
}

function endpoint(reader: Reader, isIpv6: boolean): { address: number[]; port: number } {
  const address = reader.take(isIpv6 ? 16 : 4);
  demand(!isIpv6 || !isMapped(address));
  return { address: isIpv6 ? address : [...MAPPED, ...address], port: reader.integer(2) };
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

function isMapped(address: number[]): boolean {
  return MAPPED.every((byte, i) => address[i] === byte);
}

function frame(type: number, reader: Reader): object {
  const read = FRAMES[type];
  if (read === undefined) {
    demand(type >= 0x60);
    return { skipped: type, body: reader.rest() };
  }
  const fields = read(reader);
  reader.end();
  return fields;
}

const FRAMES: Record<number, (reader: Reader) => object> = {
  0x00: (reader) => ({ padding: reader.rest().length }),
  0x01: (reader) => ({ flowId: reader.integer(4), payload: reader.rest() }),
  0x02: (reader) => ({ flowId: reader.integer(4), packet: udpPacket(reader) }),
  0x03: fragment,
  0x04: extended,
  0x08: (reader) => ({ acknowledge: reader.integer(4) }),
  0x09: (reader) => ({ close: reader.integer(4), reason: reader.integer(1) }),
  0x0a: (reader) => ({ unknown: reader.integer(4) }),
  0x0b: flowSettings,
  0x10: (reader) => ({ token: reader.take(8), timeUs: reader.integer(8) }),
  0x11: (reader) => ({
    token: reader.take(8),
    timeUs: reader.integer(8),
    delayUs: reader.integer(4),
    address: reader.take(16),
    port: reader.integer(2),
  }),
  0x12: (reader) => ({
    index: reader.integer(4),
    received: reader.integer(8),
    highest: reader.integer(8),
    jitterUs: reader.integer(4),
    roundTripUs: reader.integer(4),
  }),
  0x18: parameters,
  0x19: (reader) => ({ sessionClose: reader.integer(1) }),
  0x20: (reader) => ({ request: reader.integer(4), kind: reader.integer(1), body: reader.rest() }),
  0x21: (reader) => ({
    answer: reader.integer(4),
    kind: reader.integer(1),
    status: reader.integer(1),
    body: reader.rest(),
  }),
};

function extended(reader: Reader): object {
  const [flowId, flags] = [reader.integer(4), reader.integer(1)];
  const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
  demand(flags < 16 && (has(4) || !has(8)));
  const number = has(1) ? reader.integer(2) : undefined;
  const trafficClass = has(2) ? reader.integer(1) : undefined;
  const source = has(4) ? endpoint(reader, has(8)) : undefined;
  demand(source?.port !== 0);
  return { flowId, number, trafficClass, source, payload: reader.rest() };
}

function fragment(reader: Reader): object {
  const [id, total, index, count] = [reader.integer(4), reader.integer(4), reader.integer(1), reader.integer(1)];
  const piece = reader.rest();
  demand(total <= 65507 + 48 + 5 && count >= 2 && index < count);
  // Deals the bytes out, one piece after the other, and looks at what each got.
  const largest = Math.ceil(total / count);
  const lengths: number[] = [];
  for (let left = total; left > 0; left -= largest) lengths.push(Math.min(left, largest));
  demand(lengths.length === count && lengths[index] === piece.length);
  return { id, total, index, count, piece };
}

function flowSettings(reader: Reader): object {
  const flowId = reader.integer(4);
  const settings: [number, number][] = [];
  for (let last = 0; reader.left > 0;) {
    const key = reader.integer(1);
    demand(key > last);
    last = key;
    const value = new Reader(reader.take(reader.integer(1)));
    if (key > 8) continue;
    const most = { 1: 2, 3: 1, 5: 2 }[key];
    const number = value.integer(most === undefined ? 4 : 1);
    value.end();
    demand(number <= (most ?? 2 ** 32 - 1) && (key !== 8 || number > 0));
    settings.push([key, number]);
  }
  return { flowId, settings };
}

function parameters(reader: Reader): object {
  const version = reader.integer(1);
  const entries: [number, number[]][] = [];
  if (version !== 1) reader.rest();
  while (reader.left > 0) {
    const key = reader.integer(1);
    demand(key > (entries.at(-1)?.[0] ?? 0));
    const value = reader.take(reader.integer(1));
    demand(key > 6 || value.length === 4);
    const number = value.reduceRight((sum, byte) => sum * 256 + byte, 0);
    if (key === 1) demand(number >= 1200 && number <= 65_507);
    if (key === 4 || key === 5) demand(number >= 1000);
    entries.push([key, value]);
  }
  return { version, entries: entries.filter(([key]) => key <= 6) };
}
