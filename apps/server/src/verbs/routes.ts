/** Verbs about the upstreams of routes. */
import { option, text } from '@relay/config';
import { verb, type AdminPlace, type Verb } from '@relay/program';
import type { ServerService } from '../running-server.js';

const words = {
  mapping: option({ format: text(), required: true, doc: 'The route: its name, or where it listens' }),
  upstream: option({
    format: text(),
    required: true,
    doc: 'HOST:PORT as configured, or one of its addresses with the port',
  }),
} as const;

const complete = ({ own }: ServerService): string[] => own.server.routes.routes.map(({ name }) => name);

const drainVerb = verb({
  name: 'drain',
  describe: 'Give an upstream of a route no new flows; those that it has go on',
  examples: [
    ['dns 192.0.2.1:53', 'no new flows for this upstream of the route dns'],
    ['0.0.0.0:5300 192.0.2.1:53', 'the same for a route without a name'],
  ],
  words,
  complete,
  answer: ({ own }: ServerService, { mapping, upstream }) => {
    own.server.routes.setDrained(mapping, upstream, true);
    return { mapping, upstream };
  },
  lines: ({ mapping, upstream }) => [`upstream ${upstream} of route ${mapping} gets no new flows`],
});

const undrainVerb = verb({
  name: 'undrain',
  describe: 'Give an upstream of a route new flows again',
  examples: [
    ['dns 192.0.2.1:53', 'new flows again for this upstream of the route dns'],
    ['0.0.0.0:5300 192.0.2.1:53', 'the same for a route without a name'],
  ],
  words,
  complete,
  answer: ({ own }: ServerService, { mapping, upstream }) => {
    own.server.routes.setDrained(mapping, upstream, false);
    return { mapping, upstream };
  },
  lines: ({ mapping, upstream }) => [`upstream ${upstream} of route ${mapping} gets new flows again`],
});

/** `drain`, `undrain`. */
export const routeVerbs: readonly Verb<ServerService, AdminPlace>[] = [drainVerb, undrainVerb];
