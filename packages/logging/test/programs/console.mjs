// Logs to its own stderr or stdout. Arguments: what that is said to be, and the stream.
import { fstatSync } from 'node:fs';
import process from 'node:process';
import { createLogging } from '../../dist/index.js';

const [, , kind, stream] = process.argv;
if (kind === 'journal') {
  const { dev, ino } = fstatSync(2);
  process.env.JOURNAL_STREAM = `${dev}:${ino}`;
}
const logging = createLogging({ level: 'debug', console: { stream } });
const logger = logging.logger('demo');
logger.info('one', { n: 1 });
logger.warn('two');
logger.debug('three \x1b[2J');
await logging.close();
