import { execFileSync } from 'node:child_process';

export type Engine = 'native' | 'dgram';

const IS_NATIVE_AVAILABLE = `
  import { isNativeAvailable } from '@relay/socket';
  process.stdout.write(String(isNativeAvailable()));
`;

/**
 * The engines that work here for the built programs. Every test with sockets runs on each of them.
 */
export const ENGINES: readonly Engine[] =
  execFileSync(process.execPath, ['--input-type=module', '--eval', IS_NATIVE_AVAILABLE], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  }) === 'true'
    ? ['native', 'dgram']
    : ['dgram'];

if (!ENGINES.includes('native')) console.warn('The native engine does not load here: tests run on dgram alone.');
