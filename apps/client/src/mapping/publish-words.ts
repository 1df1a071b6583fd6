/** What users read of publishes that the server refuses. */
import { DEFAULT_IDLE_MS, DEFAULT_MAX_FLOWS, formatPorts } from '@relay/program';
import type { Publish, PublishRefusal } from './publish.js';
import { publicPortsOf, type PublishMapping } from './publish-format.js';

/** Says in one line what the server refuses, why, and what to do. */
export function refusalMessage({ mapping }: Publish, { status, port }: PublishRefusal): string {
  const wanted = publicPortsOf(mapping);
  const ports = formatPorts(wanted);
  const isAny = wanted.first === 0;
  const one = port ?? (isAny ? undefined : wanted.first === wanted.last ? wanted.first : undefined);
  const what = one !== undefined ? `port ${one}` : isAny ? 'any port' : `ports ${ports}`;
  switch (status) {
    case 'denied':
      return `the server does not allow ${what}: ask for an invitation made with --publish ${isAny ? 'PORTS' : ports}`;
    case 'unavailable':
      return `${what} cannot be opened on the server (another client or program has it, or its address is not the server's): free it or choose another; it is asked for again`;
    case 'limit':
      return `the server has no room for ${what}: raise its limit of open files or publish fewer ports; it is asked for again`;
    case 'draining':
      return `the server is about to end and does not open ${what}: it is asked for again`;
    case 'malformed':
      return `the server does not understand the request for ${what}: install the same release on both sides`;
    case 'unsupported':
      return `the server cannot publish, or not with these settings, and does not open ${what}: install a newer release there`;
    default:
      return `the server did not open ${what}, and its log may say why: it is asked for again`;
  }
}

/** The settings of a mapping that a server of a former release does not take. */
export function untakenSettings(mapping: PublishMapping): string[] {
  const { name, idle, maxFlows, replies, requests } = mapping;
  const isGiven = {
    name: name !== undefined,
    idle: idle !== DEFAULT_IDLE_MS,
    maxFlows: maxFlows !== DEFAULT_MAX_FLOWS,
    replies: replies !== undefined,
    requests: requests !== undefined,
  };
  return Object.entries(isGiven).flatMap(([key, is]) => (is ? [key] : []));
}
