import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { Logger } from '@relay/logging';
import type { Session, SessionEvent } from '@relay/session';

/** Writes what happens to sessions into the log. */
export function logSessionEvent(logger: Logger, event: SessionEvent): void {
  if (event.kind === 'fault') {
    const client = event.session?.client?.name;
    return logger.error('a fault of this program ended what it worked on (please report it)', {
      ...(client !== undefined && { client }),
      error: event.error,
    });
  }
  const fields = { client: event.session.client?.name, session: event.session.id, from: addressOf(event.session) };
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

const addressOf = (session: Session): string => formatEndpoint(unpackEndpoint(session.endpoint, 0));
