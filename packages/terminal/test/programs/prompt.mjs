// A prompt with a few commands. Arguments: a folder for its number and history.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { openPrompt } from '../../dist/index.js';

const [, , folder] = process.argv;
writeFileSync(`${folder}/pid`, String(process.pid));
let count = 0;
let timer;
const prompt = openPrompt({
  input: process.stdin,
  output: process.stdout,
  prompt: 'relay> ',
  historyFile: `${folder}/history`,
  commands: {
    status: { summary: 'how it is', run: async (args) => `all well ${JSON.stringify(args)}` },
    stop: { summary: 'never', run: async () => 'no' },
    kick: {
      summary: 'ends a session',
      run: async ([name]) => {
        if (name !== 'alice') throw new Error(`no session '${name}'\x1b[2J`);
      },
      complete: () => ['alice', 'albert', 'bob', 'evil\x1b[2J'],
    },
    log: {
      summary: 'prints as a log does',
      run: async () => {
        timer = setInterval(() => prompt.print(`log line ${++count}\x1b[31m`), 20);
      },
    },
    slow: { summary: 'takes a moment', run: () => new Promise((resolve) => setTimeout(() => resolve('done'), 50)) },
  },
  onClose: (failures) => {
    clearInterval(timer);
    console.log(`closed, failures: ${failures}`);
  },
});
