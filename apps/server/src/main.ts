import { runCommandLine } from '@relay/program';
import { serverCommandLine } from './commands.js';

await runCommandLine(serverCommandLine(process.argv.slice(2)));
