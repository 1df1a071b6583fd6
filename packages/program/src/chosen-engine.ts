import type { Logger } from '@relay/logging';
import { isNativeAvailable } from '@relay/socket';
import { EXIT, ProgramFailure } from './exit-code.js';

/**
 * Returns the engine for the sockets of a program. `auto` is dgram where native does not load, and
 * the log says what that costs. Throws a ProgramFailure for `native` where it does not load.
 */
export function chosenEngine(
  engine: 'auto' | 'native' | 'dgram',
  log: Pick<Logger, 'warn'>,
  isAvailable: () => boolean = isNativeAvailable,
): 'auto' | 'native' | 'dgram' {
  if (engine === 'dgram' || isAvailable()) return engine;
  if (engine === 'native')
    throw new ProgramFailure(
      EXIT.usage,
      'the native engine is not available here: it is for Node.js on Linux, and is built where there is a C compiler, python3 and make (--engine auto takes dgram instead)',
    );
  log.warn('the native engine is not available: sockets take several times the processor time (engine dgram)');
  return 'dgram';
}
