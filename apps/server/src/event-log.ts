import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { Logger } from '@relay/logging';
import type { RouteNotice, ShardEvent } from '@relay/relay';
import type { PublishEvent } from './publish/publish-event.js';

/** The loggers for the events of a shard. */
export interface EventLoggers {
  readonly sessions: Logger;
  readonly targets: Logger;
  readonly routes: Logger;
}

/** Events that people read of: neither requests nor what is kept for the next start. */
export type LoggedEvent = Exclude<ShardEvent, { kind: 'request' | 'newest-timestamp' | 'proven-address' }>;

/** Writes an event of a session, a flow or a route into the log. */
export function logEvent({ sessions, targets, routes }: EventLoggers, event: LoggedEvent): void {
  switch (event.kind) {
    case 'fault':
      return sessions.error('a fault of this program ended what it worked on (please report it)', {
        ...(event.client !== undefined && { client: event.client }),
        error: event.error,
      });
    case 'target-failed':
      return targets.warn('a target cannot be reached', {
        client: event.client,
        target: formatEndpoint(unpackEndpoint(event.target, 0)),
        reason: event.reason,
      });
    case 'refused':
      return; // by clients, whose flows the server does not open
    case 'upstream-down':
    case 'upstream-up':
    case 'route-failed-open':
      return logRoute(routes, event);
    default:
      return logSession(sessions, event);
  }
}

/**
 * Writes what has become of published ports into the log. Refusals are told apart by client and
 * reason, each at most once a minute.
 */
export function logPublishEvent(logger: Logger, event: PublishEvent): void {
  const { kind, ...facts } = event;
  if (kind !== 'partly' && kind !== 'refused') return logger.info(kind, facts);
  const { client, reason, ...more } = event;
  const { kind: _, ...fields } = more;
  const ofClient = logger.child({ client, reason });
  if (kind === 'refused') ofClient.warn('cannot publish', fields);
  else ofClient.warn('cannot publish all ports yet', fields);
}

function logRoute(logger: Logger, event: RouteNotice): void {
  const { route } = event;
  const said = (packed: Uint8Array): string => formatEndpoint(unpackEndpoint(packed, 0));
  if (event.kind === 'route-failed-open')
    return logger.warn('all upstreams are down: the route uses all of them', { route, listen: said(event.listen) });
  const { upstream, target } = event;
  const fields = { route, upstream, target: said(target) };
  if (event.kind === 'upstream-up') logger.info('an upstream is up again', fields);
  else logger.warn('an upstream is down: new flows avoid it', { ...fields, reason: event.reason });
}

function logSession(logger: Logger, event: Extract<ShardEvent, { session: number }>): void {
  if (event.kind === 'request') return;
  const { client, session, endpoint } = event;
  const fields = { client, session, from: formatEndpoint(unpackEndpoint(endpoint, 0)) };
  switch (event.kind) {
    case 'connected':
      return logger.info('client connected', fields);
    case 'disconnected':
      return logger.info('client disconnected', { ...fields, reason: event.reason });
    case 'roamed':
      return logger.info('client changed its address', fields);
    case 'path-lost':
      return logger.debug('client does not answer', fields);
    case 'path-restored':
      return logger.debug('client answers again', fields);
    default:
      return logger.trace(event.kind, fields);
  }
}
