/**
 * Notices (docs/protocol.md, "Notices"): what a server tells a client outside of any session,
 * sealed under both static keys and bound to the initiation that it answers.
 */
import { encodeNoticeContent, encodeNoticeHeader, NOTICE_BYTES, NOTICE_OFFSET } from '@relay/packet';
import { deriveKeys, hash, MAC_BYTES } from '../crypto/blake2s.js';
import { openXaead, sealXaead } from '../crypto/xaead.js';
import type { ChannelProtocol } from '../protocol.js';
import { writeTimestamp } from './timestamp.js';

/** What a notice answers. */
export interface NoticeCause {
  /** Of the initiation. */
  readonly senderIndex: number;
  readonly mac1: Uint8Array;
}

/** A wake answers nothing. */
export const NO_CAUSE: NoticeCause = { senderIndex: 0, mac1: new Uint8Array(MAC_BYTES) };

/**
 * The key of the notices from a server to a client, whose static keys agree on `secret`, which is
 * wiped.
 */
export function noticeKey(
  protocol: ChannelProtocol,
  server: Uint8Array,
  client: Uint8Array,
  secret: Uint8Array,
): Uint8Array {
  const label = Buffer.from(protocol.labelNotice, 'ascii');
  const [key] = deriveKeys(hash(label, Buffer.concat([server, client])), secret, 1) as [Uint8Array];
  secret.fill(0);
  return key;
}

/** What a notice says: its kind, one of `NOTICE`, and its timestamp; 0n if it has none. */
export interface NoticeWords {
  readonly kind: number;
  readonly timestamp: bigint;
}

/** Writes a notice into `packet` (64 bytes), where its nonce is already. The key is wiped. */
export function writeNotice(
  packet: Uint8Array,
  key: Uint8Array,
  { senderIndex, mac1 }: NoticeCause,
  { kind, timestamp }: NoticeWords,
): void {
  encodeNoticeHeader(packet, 0, senderIndex);
  const content = encodeNoticeContent(kind, writeTimestamp(timestamp));
  const nonce = packet.subarray(NOTICE_OFFSET.nonce, NOTICE_OFFSET.sealedNotice);
  packet.set(sealXaead(key, nonce, content, additional(packet, 0, mac1)), NOTICE_OFFSET.sealedNotice);
  key.fill(0);
}

/**
 * The content of the notice at `bytes[offset]`; undefined if it is not authentic, or answers
 * another initiation than that with this mac1.
 */
export function openNotice(
  bytes: Uint8Array,
  offset: number,
  key: Uint8Array,
  mac1: Uint8Array,
): Uint8Array | undefined {
  const sealedAt = offset + NOTICE_OFFSET.sealedNotice;
  const nonce = bytes.subarray(offset + NOTICE_OFFSET.nonce, sealedAt);
  return openXaead(key, nonce, bytes.subarray(sealedAt, offset + NOTICE_BYTES), additional(bytes, offset, mac1));
}

function additional(bytes: Uint8Array, offset: number, mac1: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(offset, offset + NOTICE_OFFSET.nonce), mac1]);
}
