/**
 * Why a datagram or packet was not passed on: one closed set, the same words in code, metrics and logs.
 *
 * Decoders and the rules on the data path return a number: 0 or more is a useful result (mostly the offset after what
 * was read), less than 0 is the code of a drop reason. So a refusal costs no allocation and no exception.
 */
export const DROP_REASONS = [
  // The bytes are wrong.
  'truncated',
  'trailing-bytes',
  'unknown-type',
  'unknown-version',
  'unknown-frame',
  'reserved-bits',
  'bad-length',
  'bad-endpoint',
  'bad-checksum',
  'bad-value',
  'too-large',
  // Fragments.
  'reassembly-limit',
  'reassembly-timeout',
  'duplicate-fragment',
  'bad-fragment',
  // The secure channel.
  'unknown-index',
  'bad-mac1',
  'bad-mac2',
  'cookie-required',
  'unknown-client',
  'authentication-failed',
  'replayed',
  'stale-timestamp',
  'expired-key',
  'no-session',
  'bad-token',
  'path-unvalidated',
  'client-expired',
  'session-limit',
  'session-closed',
  // The relay rules.
  'denied-by-policy',
  'rate-limited',
  'flow-limit',
  'unknown-flow',
  'flow-closed',
  'not-published',
  'no-upstream',
  'resolving',
  'unresolved',
  'loop',
  'draining',
  'overloaded',
  // The socket.
  'queue-full',
  'send-failed',
  'unreachable',
  'kernel-buffer-full',
  'closed',
  // A fault of the program itself.
  'internal-error',
] as const;

/** One of {@link DROP_REASONS}. */
export type DropReason = (typeof DROP_REASONS)[number];

const CODES: ReadonlyMap<DropReason, number> = new Map(DROP_REASONS.map((reason, index) => [reason, -1 - index]));

/**
 * The code of a drop reason: an integer below 0. Codes are for one process: they are not sent and may change between
 * versions; the words are stable. Keep the code in a module constant where it is used per datagram.
 */
export function dropCode(reason: DropReason): number {
  const code = CODES.get(reason);
  if (code === undefined) throw new RangeError(`not a drop reason: ${reason}`);
  return code;
}

/** The word for a code that {@link dropCode} made. Throws a RangeError for every other number. */
export function dropReasonOf(code: number): DropReason {
  const reason = DROP_REASONS[-1 - code];
  if (reason === undefined) throw new RangeError(`not the code of a drop reason: ${code}`);
  return reason;
}
