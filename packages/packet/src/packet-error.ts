import type { DropReason } from './drop-reason.js';

/**
 * Bytes or fields that are not what the protocol allows. Thrown by the pleasant objects only; the
 * data path returns codes.
 */
export class PacketError extends Error {
  override readonly name = 'PacketError';
  /** Why, as the data path would count it. */
  readonly reason: DropReason;

  /**
   * `subject` names the refused object, for instance `UdpPacket`; `detail` says more than the
   * reason does.
   */
  constructor(subject: string, reason: DropReason, detail?: string) {
    super(`${subject}: ${reason}${detail === undefined ? '' : ` (${detail})`}`);
    this.reason = reason;
  }
}
