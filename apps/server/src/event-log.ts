import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { Logger } from '@relay/logging';
import type { RouteNotice, ShardEvent } from '@relay/relay';
import { LineBudget } from './line-budget.js';
import type { PublishEvent } from './publish/publish-event.js';
import { Replacements } from './replacements.js';

/** The loggers for the events of a server. */
export interface EventLoggers {
  readonly publish: Logger;
  readonly sessions: Logger;
  readonly targets: Logger;
  readonly routes: Logger;
}

/** Events that people read of: neither requests nor what is kept for the next start. */
export type LoggedEvent = Exclude<ShardEvent, { kind: 'request' | 'newest-timestamp' | 'proven-address' }>;

/** Levels of the lines about sessions. */
const SESSION_LINES: Partial<Record<SessionFact['kind'], readonly ['info' | 'debug', string]>> = {
  connected: ['info', 'client connected'],
  disconnected: ['info', 'client disconnected'],
  roamed: ['debug', 'client changed its address'],
  'path-lost': ['debug', 'client does not answer'],
  'path-restored': ['debug', 'client answers again'],
};

/** An event of a session, but for requests. */
type SessionFact = Exclude<Extract<ShardEvent, { session: number }>, { kind: 'request' }>;

/**
 * Writes events of sessions, flows, routes and published ports into the log. What one client can
 * cause again and again it causes a few lines of, whatever their level: later ones say how many
 * were left out.
 */
export class EventLog {
  readonly #loggers: EventLoggers;
  readonly #clock: () => number;
  readonly #lines = new LineBudget();
  readonly #replacements = new Replacements();

  /** `clock` gives a steady time, ms. */
  constructor(loggers: EventLoggers, clock: () => number) {
    this.#loggers = loggers;
    this.#clock = clock;
  }

  /** Writes an event of a session, a flow or a route. */
  write(event: LoggedEvent): void {
    const { sessions, targets, routes } = this.#loggers;
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
      case 'loop':
        return targets.warn('a loop: datagrams to a target come back as new sources, and are refused', {
          client: event.client,
          target: formatEndpoint(unpackEndpoint(event.target, 0)),
        });
      case 'refused':
        return; // by clients, whose flows the server does not open
      case 'upstream-down':
      case 'upstream-up':
      case 'route-failed-open':
        return logRoute(routes, event);
      default:
        return this.#writeSession(event);
    }
  }

  /**
   * Writes what has become of published ports. Refusals are told apart by client and reason, each
   * at most once a minute.
   */
  writePublish(event: PublishEvent): void {
    const { publish } = this.#loggers;
    const { kind, ...facts } = event;
    if (kind !== 'partly' && kind !== 'refused') {
      const omitted = this.#lines.take(`publish ${event.client}`, this.#clock());
      if (omitted !== undefined) publish.info(kind, { ...facts, ...(omitted > 0 && { omitted }) });
      return;
    }
    const { client, reason, ...more } = event;
    const { kind: _, ...fields } = more;
    const ofClient = publish.child({ client, reason });
    if (kind === 'refused') ofClient.warn('cannot publish', fields);
    else ofClient.warn('cannot publish all ports yet', fields);
  }

  #writeSession(event: SessionFact): void {
    const { sessions } = this.#loggers;
    const { kind, client, session, endpoint } = event;
    const name = client ?? '';
    const nowMs = this.#clock();
    const [level, message] = SESSION_LINES[kind] ?? (['trace', kind] as const);
    const omitted = this.#lines.take(`${level} ${name}`, nowMs);
    const from = formatEndpoint(unpackEndpoint(endpoint, 0));
    if (omitted !== undefined)
      sessions[level](message, {
        ...{ client, session, from },
        ...(event.kind === 'disconnected' && { reason: event.reason }),
        ...(omitted > 0 && { omitted }),
      });
    if (event.kind === 'disconnected' && event.reason === 'replaced' && this.#replacements.add(name, nowMs))
      sessions
        .child({ client })
        .warn('an invitation is used in two places: give each its own (relay-server invite NAME)', { from });
  }
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
