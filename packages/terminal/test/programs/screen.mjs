// A screen with the size and a counter. Arguments: a folder for its number, and how it ends.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { openScreen } from '../../dist/index.js';

const [, , folder, way] = process.argv;
writeFileSync(`${folder}/pid`, String(process.pid));
let count = 0;
const screen = openScreen({
  output: process.stdout,
  input: process.stdin,
  intervalMs: 20,
  render: ({ columns, rows }) => {
    count++;
    if (count === 5 && way === 'throw') throw new Error('the program has crashed');
    if (count === 5 && way === 'exit') process.exit(4);
    return [
      { text: `size ${columns}x${rows}`, style: 'bold' },
      `漢字 ${way} \x1b[2J\u202e`,
      `count ${count}`,
      'x'.repeat(500),
      'last',
    ];
  },
  onQuit: () => {
    screen.close();
    console.log('closed');
  },
});
