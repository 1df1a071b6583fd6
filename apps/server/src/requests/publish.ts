import { decodePublish, encodePublishedPorts, encodeRefusedPort, FEATURE, PUBLISH_ENTRY, STATUS } from '@relay/packet';
import { statusOnly, type RequestHandler } from './request.js';

/** The entries that this server applies. Nobody may believe in a limit that is not there. */
const APPLIED: ReadonlySet<string> = new Set([
  ...['name', 'idleMs', 'maxFlows', 'token', 'replies', 'requests'],
  ...['allow', 'deny', 'maxPps', 'maxBps', 'visitorPps', 'visitorFlows'],
]);
const NOT_APPLIED = (Object.keys(PUBLISH_ENTRY) as (keyof typeof PUBLISH_ENTRY)[]).filter((name) => !APPLIED.has(name));

/** Opens public ports for a client, or says for which of them it cannot. */
export const publish: RequestHandler = async ({ body, features, ...asker }, { publications }) => {
  const asked = decodePublish(body);
  if (typeof asked === 'string') return statusOnly(STATUS.malformed);
  if (asked.endpoint.port === 0 && asked.count > 1) return statusOnly(STATUS.malformed); // any port is one
  if (asked.unknown.length > 0 || NOT_APPLIED.some((name) => asked[name] !== undefined))
    return statusOnly(STATUS.unsupported);
  const outcome = await publications.publish(asker, asked);
  if (outcome === undefined) return statusOnly(STATUS.failed);
  if (outcome.status === STATUS.done) return { status: STATUS.done, body: encodePublishedPorts(outcome.ports) };
  const mayTell = (features & FEATURE.publishEntries) !== 0;
  return { status: outcome.status, body: encodeRefusedPort(mayTell ? outcome.port : undefined) };
};
