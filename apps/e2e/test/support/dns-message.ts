/**
 * The part of DNS messages (RFC 1035 §4.1) that the tests need: questions for an IPv4 address, and
 * their answers.
 */

const HEADER_BYTES = 12;
const RECURSION_DESIRED = 0x0100;
const IS_RESPONSE = 0x8180;
const TYPE_A = 1;
const CLASS_IN = 1;
const TIME_TO_LIVE_S = 60;
/** A pointer to the name in the question (§4.1.4). */
const NAME_OF_QUESTION = 0xc000 | HEADER_BYTES;

export interface DnsReply {
  readonly id: number;
  /** The name in the question. */
  readonly name: string;
  readonly address: string | undefined;
}

export function dnsQuery(id: number, name: string): Buffer {
  return Buffer.concat([words(id, RECURSION_DESIRED, 1, 0, 0, 0), labels(name), words(TYPE_A, CLASS_IN)]);
}

export function dnsReply(message: Buffer): DnsReply {
  const { name, end } = readName(message);
  const hasAnswer = message.readUInt16BE(6) > 0;
  // name pointer, type, class, time to live, length: 12 bytes before the address
  const address = hasAnswer ? [...message.subarray(end + 4 + 12, end + 4 + 16)].join('.') : undefined;
  return { id: message.readUInt16BE(0), name, address };
}

/** Returns the answer to a query: the name has this IPv4 address. */
export function dnsAnswer(query: Buffer, address: string): Buffer {
  const { end } = readName(query);
  const bytes = Buffer.from(address.split('.').map(Number));
  return Buffer.concat([
    words(query.readUInt16BE(0), IS_RESPONSE, 1, 1, 0, 0),
    query.subarray(HEADER_BYTES, end + 4),
    words(NAME_OF_QUESTION, TYPE_A, CLASS_IN, 0, TIME_TO_LIVE_S, bytes.length),
    bytes,
  ]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2);
  return bytes;
}

function labels(name: string): Buffer {
  const parts = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...parts, Buffer.alloc(1)]);
}

/** Returns the name in the question, and where it ends. */
function readName(message: Buffer): { name: string; end: number } {
  const parts: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    parts.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: parts.join('.'), end: at + 1 };
}
