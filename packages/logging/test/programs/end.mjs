// Logs numbered lines and ends in the way that its first argument names.
import process from 'node:process';
import { createLogging } from '../../dist/index.js';

const [, , way, directory, count] = process.argv;
const logging = createLogging({
  directory,
  console: way === 'wait' ? false : {},
  maxFileBytes: 65536,
  maxFiles: 1000,
  exitOnUnhandledErrors: true,
});
const logger = logging.logger('end');

for (let number = 0; number < Number(count); number++) logger.info('line', { number });

switch (way) {
  case 'close':
    await logging.close();
    break;
  case 'return':
    break;
  case 'exit':
    process.exit(3);
    break;
  case 'exit-later':
    setImmediate(() => setImmediate(() => process.exit(3)));
    break;
  case 'exit-closing':
    void logging.close();
    process.exit(3);
    break;
  case 'throw':
    throw new Error('nobody catches this', { cause: new Error('why') });
  case 'reject':
    void Promise.reject(new Error('nobody handles this'));
    break;
  case 'reject-value':
    void Promise.reject('a text\n\x1b[2J');
    break;
  case 'wait':
    await logging.flush();
    process.stdout.write('written\n');
    setInterval(() => logger.info('tick'), 1);
    break;
  default:
    process.exit(9);
}
