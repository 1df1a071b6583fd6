import { isUnspecifiedAddress, type PublishedPorts } from '@relay/packet';
import { formatHostPorts } from '@relay/program';
import type { FlowMapping, VisitorRules } from '@relay/relay';
import { formatKey } from '@relay/session';
import type { PublicSockets } from './public-sockets.js';

/** Ports that belong to a client, as they outlive the server's process. */
export interface Assignment {
  /** Static public key of the client, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The address that was asked, and the real ports. */
  readonly ports: PublishedPorts;
  /** The client's number for the mapping, if it has given one. */
  readonly token: number | undefined;
}

/** Ports that were not free are tried again after this, ms, and after this at the latest. */
const RETRY_MS = 5000;
const MAX_RETRY_MS = 60_000;

/** Ports of the server that a client has published, or that are kept for it. */
export class Publication implements Assignment {
  readonly publicKey: Uint8Array;
  readonly key: string;
  /** The client's name. */
  client: string;
  ports: PublishedPorts;
  token: number | undefined;
  /** What the client calls the mapping. */
  name: string | undefined;
  /** The settings of its flows. */
  readonly mapping: FlowMapping;
  /** Which visitors may come, and how much of them. */
  rules: VisitorRules;
  /** The session in which the client has asked for it; undefined if that is over. */
  session: number | undefined;
  /** When it ends unless it is asked for, ms. */
  expiresMs = Infinity;
  /** Undefined while it is only kept: nothing is open. */
  sockets: PublicSockets | undefined;
  /** Whether it was opened for the first time, now or in a former life of the server. */
  isSettled = false;
  /** When the ports that could not be opened are tried again, ms; Infinity: all are open. */
  retryMs = Infinity;
  #retryWaitMs = 0;
  /** Whether a port that should be open is not. */
  isPartly = false;
  isClosed = false;

  constructor(client: string, { publicKey, ports, token }: Assignment, mapping: FlowMapping, rules: VisitorRules = {}) {
    this.client = client;
    this.publicKey = publicKey;
    this.key = formatKey(publicKey);
    this.ports = ports;
    this.token = token;
    this.mapping = mapping;
    this.rules = rules;
  }

  /** If ports are missing now, they are tried again later, each time after twice as long. */
  retry(nowMs: number): void {
    this.#retryWaitMs = this.isPartly ? Math.min(MAX_RETRY_MS, Math.max(RETRY_MS, 2 * this.#retryWaitMs)) : 0;
    this.retryMs = this.isPartly ? nowMs + this.#retryWaitMs : Infinity;
  }
}

/** The text of ports: `203.0.113.5:27015`, `[::]:27000-27010`. */
export const formatPorts = ({ endpoint: { address, port }, count }: PublishedPorts): string =>
  formatHostPorts(address, { first: port, last: port + count - 1 });

/** Whether both are the same ports at the same address. */
export function equalPorts(a: PublishedPorts, b: PublishedPorts): boolean {
  return a.endpoint.port === b.endpoint.port && a.count === b.count && a.endpoint.address === b.endpoint.address;
}

/** Whether a port at both addresses is the same port: they are equal, or one is all addresses. */
export function addressesMeet(a: string, b: string): boolean {
  return a === b || isUnspecifiedAddress(a) || isUnspecifiedAddress(b);
}
