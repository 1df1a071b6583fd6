/** All options of `relay-server start`: the one place where they are written down. */
import { defineSchema, duration, integer, option } from '@relay/config';
import { listenEndpoint } from './listen-format.js';
import { routeMapping } from './routes/route-format.js';
import { commonOptions, packetBytes, socketOptions } from '@relay/program';

/**
 * Twenty times the highest measured count (docs/performance.md); indices of sessions and flows have
 * room for 2^32.
 */
const MAX_COUNT = 1_000_000;

export const serverOptions = {
  listen: option({
    format: listenEndpoint,
    default: '[::]:7878',
    doc: 'Where clients reach the server; [::], or a port alone, takes both families',
  }),
  state: option({
    format: 'directory',
    defaultDoc: '$XDG_STATE_HOME/relay or ~/.local/state/relay',
    doc: 'Folder for keys and clients',
  }),
  public: option({
    format: 'host',
    live: true,
    doc: 'HOST[:PORT] that invitations name; the listen address if not given, or the name of this host',
  }),
  route: option({
    format: routeMapping,
    array: true,
    live: true,
    doc: 'LISTEN=TARGET[,TARGET…]: lead datagrams from a port of this server to one of several upstreams, without any client',
  }),
  ...commonOptions,
  ...socketOptions,
  idle: option({
    // Clients learn it from a field of 32 bits, within which the bound of durations lies.
    format: duration({ min: 1000 }),
    default: '120s',
    group: 'Limits',
    doc: 'After how long without a datagram in either direction a flow ends',
  }),
  maxSessions: option({
    format: integer({ min: 1, max: MAX_COUNT }),
    default: 10_000,
    group: 'Limits',
    doc: 'How many clients may be connected at a time',
  }),
  maxFlows: option({
    format: integer({ min: 1, max: MAX_COUNT }),
    default: 50_000,
    group: 'Limits',
    doc: 'How many flows there may be at a time; each takes a socket',
  }),
  maxFlowsPerClient: option({
    format: integer({ min: 1, max: MAX_COUNT }),
    default: 4096,
    group: 'Limits',
    doc: 'How many of them one client may have',
  }),
  publishGrace: option({
    format: duration({ min: 1000 }),
    default: '60s',
    group: 'Limits',
    doc: 'How long published ports are kept for a client that is away, and over a restart of the server',
  }),
  maxPacket: option({
    format: packetBytes,
    default: 1452,
    group: 'Sockets',
    doc: 'Largest packet to a client in bytes of UDP payload; larger datagrams travel in fragments. 1452 fits Ethernet with IPv6',
  }),
} as const;

export const SERVER_NAMES = { program: 'relay-server', environmentPrefix: 'RELAY_' };

export const serverSchema = defineSchema(serverOptions, SERVER_NAMES);
