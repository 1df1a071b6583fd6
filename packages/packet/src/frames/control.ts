/**
 * Control requests and answers (docs/protocol.md, "Control"). The sender repeats a request until
 * the answer comes; the same id gets the same answer again.
 *
 * ```
 *  request:  0        4      5                answer:  0        4      5        6
 *            +--------+------+------- …                +--------+------+--------+------- …
 *            | id     | kind | body …                  | id     | kind | status | body …
 *            +--------+------+------- …                +--------+------+--------+------- …
 * ```
 */
import { readU32, readU8, writeU32 } from '../integers.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/**
 * The kinds of request. A receiver that does not know a kind answers {@link STATUS} `unsupported`.
 */
export const REQUEST = { publish: 1, unpublish: 2, resolve: 3, goAway: 4 } as const;

/** The outcome of a request. A receiver treats a number that it does not know as `failed`. */
export const STATUS = {
  done: 0,
  failed: 1,
  denied: 2,
  unavailable: 3,
  notFound: 4,
  limit: 5,
  malformed: 6,
  unsupported: 7,
  draining: 8,
} as const;

const OFFSET_ID = 0;
const OFFSET_KIND = 4;
const OFFSET_REQUEST_BODY = 5;
const OFFSET_STATUS = 5;
const OFFSET_ANSWER_BODY = 6;

/** The fields that {@link decodeRequest} fills in; make one and reuse it. */
export class RequestFields {
  id = 0;
  /** One of {@link REQUEST}, or a number that this version does not know. */
  kind = 0;
  /** Where the body is in the bytes that were decoded. */
  bodyOffset = 0;
  bodyLength = 0;
}

/** The fields that {@link decodeAnswer} fills in; make one and reuse it. */
export class AnswerFields extends RequestFields {
  /** One of {@link STATUS}, or a number that this version does not know. */
  status = 0;
}

/** Returns the offset after the frame. Throws a RangeError if there is no room. */
export function encodeRequest(
  bytes: Uint8Array,
  offset: number,
  id: number,
  kind: number,
  requestBody: Uint8Array,
): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.request, OFFSET_REQUEST_BODY + requestBody.length);
  writeU32(bytes, body + OFFSET_ID, id);
  bytes[body + OFFSET_KIND] = kind;
  bytes.set(requestBody, body + OFFSET_REQUEST_BODY);
  return body + OFFSET_REQUEST_BODY + requestBody.length;
}

/**
 * Returns the offset after the frame, or a drop code as {@link nextFrame} does. The body is not
 * looked at.
 */
export function decodeRequest(bytes: Uint8Array, offset: number, end: number, into: RequestFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.request);
  return next < 0 ? next : readControl(bytes, frameBodyOffset(bytes, offset), OFFSET_REQUEST_BODY, next, into);
}

/** The answer to a request. */
export interface Answer {
  /** The request's: one of {@link REQUEST}. */
  readonly kind: number;
  /** One of {@link STATUS}. */
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Writes the answer to the request of this id. Returns the offset after the frame. Throws a
 * RangeError if there is no room.
 */
export function encodeAnswer(bytes: Uint8Array, offset: number, id: number, answer: Answer): number {
  const { kind, status, body: answerBody } = answer;
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.answer, OFFSET_ANSWER_BODY + answerBody.length);
  writeU32(bytes, body + OFFSET_ID, id);
  bytes[body + OFFSET_KIND] = kind;
  bytes[body + OFFSET_STATUS] = status;
  bytes.set(answerBody, body + OFFSET_ANSWER_BODY);
  return body + OFFSET_ANSWER_BODY + answerBody.length;
}

/**
 * Returns the offset after the frame, or a drop code as {@link nextFrame} does. The body is not
 * looked at.
 */
export function decodeAnswer(bytes: Uint8Array, offset: number, end: number, into: AnswerFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.answer);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  into.status = readU8(bytes, body + OFFSET_STATUS);
  return readControl(bytes, body, OFFSET_ANSWER_BODY, next, into);
}

function readControl(bytes: Uint8Array, body: number, bodyStart: number, next: number, into: RequestFields): number {
  into.id = readU32(bytes, body + OFFSET_ID);
  into.kind = readU8(bytes, body + OFFSET_KIND);
  into.bodyOffset = body + bodyStart;
  into.bodyLength = next - into.bodyOffset;
  return next;
}
