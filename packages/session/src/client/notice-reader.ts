import { DROP, NOTICE, NOTICE_CONTENT_OFFSET, noticeKind, noticeReceiverIndex } from '@relay/packet';
import { NO_CAUSE, openNotice, type NoticeCause } from '../handshake/notice.js';
import { readTimestamp } from '../handshake/timestamp.js';

/** Reads the notices of one server to one client. */
export class NoticeReader {
  /** Of the notice that was opened last. */
  timestamp = 0n;
  readonly #key: Uint8Array;
  #newestWake = 0n;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * Opens the notice at `bytes[offset]`, which answers `attempt` unless it is a wake. Returns its
   * kind, one of `NOTICE`, or a drop code. A wake passes once.
   */
  open(bytes: Uint8Array, offset: number, attempt: NoticeCause | undefined): number {
    const index = noticeReceiverIndex(bytes, offset);
    const cause = index === NO_CAUSE.senderIndex ? NO_CAUSE : attempt;
    if (cause?.senderIndex !== index) return DROP.unknownIndex;
    const content = openNotice(bytes, offset, this.#key, cause.mac1);
    if (content === undefined) return DROP.authenticationFailed;
    const kind = noticeKind(content);
    if (kind < 0) return kind;
    if ((kind === NOTICE.wake) !== (cause === NO_CAUSE)) return DROP.badValue;
    this.timestamp = readTimestamp(content.subarray(NOTICE_CONTENT_OFFSET.timestamp));
    if (kind !== NOTICE.wake) return kind;
    if (this.timestamp <= this.#newestWake) return DROP.staleTimestamp;
    this.#newestWake = this.timestamp;
    return kind;
  }
}
