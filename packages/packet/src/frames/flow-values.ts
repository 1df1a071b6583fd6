/** The numbers of choices that the settings of a flow and the entries of a publish request have. */

/** Who may answer a flow. */
export const ANSWERS = {
  /** The endpoint that it asks. */
  endpoint: 0,
  /** Every port of the address that it asks. */
  address: 1,
  /** Everybody. */
  any: 2,
} as const;

/** What becomes of the traffic class of datagrams. */
export const TRAFFIC_CLASS = {
  /** It ends at the relay. */
  none: 0,
  /** It is carried, in both directions. */
  carry: 1,
} as const;

/** When copies of datagrams are sent. */
export const REDUNDANCY = {
  off: 0,
  /** Always. */
  copy: 1,
  /** While packets are lost and the path is not congested. */
  auto: 2,
} as const;

/** What becomes of a datagram too large for one packet. */
export const OVERSIZE = {
  /** It travels in pieces. */
  split: 0,
  drop: 1,
} as const;
