/**
 * Why a datagram or packet was not passed on: one closed set, the same words in code, metrics and
 * logs.
 *
 * Decoders and the rules on the data path return a number: 0 or more is a result (mostly the offset
 * after the bytes read), less than 0 is one of these codes. So a refusal costs no allocation and no
 * exception. Codes hold within one process: they are not sent and may change between versions; the
 * words are stable.
 */
export const DROP = {
  // The bytes are wrong.
  truncated: -1,
  trailingBytes: -2,
  unknownType: -3,
  unknownVersion: -4,
  unknownFrame: -5,
  reservedBits: -6,
  badLength: -7,
  badEndpoint: -8,
  badChecksum: -9,
  badValue: -10,
  tooLarge: -11,
  // Fragments.
  reassemblyLimit: -12,
  reassemblyTimeout: -13,
  duplicateFragment: -14,
  badFragment: -15,
  // The secure channel.
  unknownIndex: -16,
  badMac1: -17,
  badMac2: -18,
  cookieRequired: -19,
  unknownClient: -20,
  authenticationFailed: -21,
  replayed: -22,
  staleTimestamp: -23,
  expiredKey: -24,
  noSession: -25,
  badToken: -26,
  pathUnvalidated: -27,
  clientExpired: -28,
  sessionLimit: -29,
  sessionClosed: -30,
  // The relay rules.
  deniedByPolicy: -31,
  rateLimited: -32,
  flowLimit: -33,
  unknownFlow: -34,
  flowClosed: -35,
  notPublished: -36,
  noUpstream: -37,
  resolving: -38,
  unresolved: -39,
  loop: -40,
  draining: -41,
  overloaded: -42,
  // The socket.
  queueFull: -43,
  sendFailed: -44,
  unreachable: -45,
  kernelBufferFull: -46,
  closed: -47,
  // A fault of the program itself.
  internalError: -48,
  // Redundancy.
  duplicate: -49,
  // Sockets that several flows share.
  unexpectedSource: -50,
} as const;

/** The word for a code of {@link DROP}: its name, in small letters and with hyphens. */
export type DropReason = Hyphenated<keyof typeof DROP>;

type Hyphenated<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Hyphenated<Rest>}`
    : `-${Lowercase<First>}${Hyphenated<Rest>}`
  : '';

/** All words, in the order of their codes: the first is that of code -1. */
export const DROP_REASONS: readonly DropReason[] = Object.keys(DROP).map(
  (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as DropReason, // what the type says
);

const CODES: ReadonlyMap<DropReason, number> = new Map(DROP_REASONS.map((reason, index) => [reason, -1 - index]));

/**
 * The code of a word. On the data path name it: `DROP.flowLimit`. Throws a RangeError for any other
 * text.
 */
export function dropCode(reason: DropReason): number {
  const code = CODES.get(reason);
  if (code === undefined) throw new RangeError(`not a drop reason: ${reason}`);
  return code;
}

/** The word for a code. Throws a RangeError for every other number. */
export function dropReasonOf(code: number): DropReason {
  const reason = DROP_REASONS[-1 - code];
  if (reason === undefined) throw new RangeError(`not the code of a drop reason: ${code}`);
  return reason;
}
