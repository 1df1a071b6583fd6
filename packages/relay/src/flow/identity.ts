/**
 * Which header, and how often: PROXY protocol v2 in front of the first datagram of a flow, of each
 * one until the service has replied, or of every one; or Simple Proxy Protocol in front of every
 * one. UDP loses datagrams, so that `first` suits services which ask again by themselves.
 */
export const IDENTITIES = ['proxy-v2-first', 'proxy-v2-until-reply', 'proxy-v2-every', 'spp'] as const;

/** One of {@link IDENTITIES}. */
export type Identity = (typeof IDENTITIES)[number];
