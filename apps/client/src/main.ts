import { runCommandLine } from '@relay/program';
import { clientCommandLine } from './commands.js';

await runCommandLine(clientCommandLine(process.argv.slice(2)));
