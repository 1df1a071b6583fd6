// The package whose addon the scripts beside this one build: that of the current folder, as pnpm
// runs the scripts of a package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

export const root = process.cwd();
export const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const native = join(root, 'native');
/** As binding.gyp names it: relay_socket.node for @relay/socket. */
export const fileName = `${name.replace('@', '').replace('/', '_')}.node`;
