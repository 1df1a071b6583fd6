import { FORMATS, refuse, type Format } from '@relay/config';

/** The parts of the programs whose log has a level of its own; see `Logging.logger`. */
const SCOPES = [
  ...['client', 'configuration', 'logging', 'program', 'publish', 'route', 'screen'],
  ...['server', 'session', 'socket', 'target'],
];

const EXPECTED = `levels of these scopes only: ${SCOPES.join(', ')}`;

/** A log level, and levels of the programs' scopes after it: `info`, or `info,session=debug`. */
export const logLevel: Format<string> = {
  ...FORMATS.level,
  parse(value, form) {
    const text = FORMATS.level.parse(value, form);
    if (typeof text !== 'string') return text;
    const [, ...scoped] = text.split(',');
    return scoped.every((rule) => SCOPES.includes(rule.split('=', 1)[0] ?? '')) ? text : refuse(EXPECTED);
  },
};
