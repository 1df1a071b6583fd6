import { choice, option } from '@relay/config';
import type { Command } from '../command/command.js';
import { readWord } from '../command/read-word.js';
import { completionScript, SHELLS } from '../command/shells.js';

/** Makes the command `completion SHELL` of a program with this name. */
export function completionCommand(program: string): Command {
  return {
    name: 'completion',
    describe: 'Print a script that completes commands, flags and names in a shell',
    words: [{ name: 'shell', option: word }],
    examples: [
      ['bash >> ~/.bash_completion', 'complete in bash, from the next shell on'],
      [`zsh > ~/.zfunc/_${program}`, 'complete in zsh, if ~/.zfunc is in $fpath'],
      [`fish > ~/.config/fish/completions/${program}.fish`, 'complete in fish'],
    ],
    run: ({ shell }) => {
      process.stdout.write(completionScript(program, readWord('shell', word, shell)));
    },
  };
}

const word = option({ format: choice(SHELLS), required: true, doc: 'The shell that the script is for' });
