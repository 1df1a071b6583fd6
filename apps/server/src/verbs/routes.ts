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
