/**
 * The one shape in which datagrams travel together through all packages: several in one buffer, so
 * that a datagram is one argument (`batch, i`) and nothing is allocated for it.
 */

/**
 * Received datagrams: datagram `i` is `bytes[offsets[i] .. offsets[i] + lengths[i]]`, from the
 * packed endpoint number `i` in `sources` to the one in `locals` (24 bytes each). Everything in it
 * is reused: it is valid only during the call that receives it.
 */
export interface DatagramBatch {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** The sender of each. */
  readonly sources: Uint8Array;
  /** Which local address each was sent to; all zeros: not known. */
  readonly locals: Uint8Array;
}

/**
 * Datagrams to send: datagram `i` is `bytes[offsets[i] .. offsets[i] + lengths[i]]`. The caller
 * owns the batch, and may reuse it when the call returns.
 */
export interface SendBatch {
  bytes: Uint8Array;
  /** Datagrams in this batch; `offsets` and `lengths` hold at least as many. */
  count: number;
  offsets: Uint32Array;
  lengths: Uint32Array;
  /** Packed endpoints, 24 bytes each. Without: all go to where the sender is connected. */
  destinations?: Uint8Array;
  /**
   * Packed endpoints: the local address to send from (port ignored; all zeros: the system chooses),
   * so that a socket on all addresses answers from the one that was asked.
   */
  locals?: Uint8Array;
  /**
   * One number of the caller's choice for each datagram: if the socket takes a datagram and cannot
   * send it, the error carries its tag. Without: 0.
   */
  tags?: Uint32Array;
}
