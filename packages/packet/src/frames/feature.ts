/**
 * The bits of the parameter `features`. A side states a bit if it takes what the bit stands for; a
 * peer sends it only to a side that has stated the bit. Unknown bits mean nothing.
 */
export const FEATURE = {
  /** Extended datagrams. */
  extended: 0x01,
  /** Settings of flows. */
  flowSettings: 0x02,
  /** A reason and servers in go-away requests. */
  goAwayServers: 0x04,
  /** Entries in publish requests, and the port in answers that refuse them. */
  publishEntries: 0x08,
  /** Nothing to send: a server that has lost a session answers its renewal with a notice. */
  notices: 0x10,
} as const;
