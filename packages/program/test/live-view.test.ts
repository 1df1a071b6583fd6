import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { option } from '@relay/config';
import { createLogging, type Logging } from '@relay/logging';
import {
  adminCalls,
  announce,
  EXIT,
  openAdminServer,
  openLivePrompt,
  openLiveScreen,
  ProgramFailure,
  promptWords,
  verb,
  type LiveView,
} from '../src/index.js';
import { watch } from '../src/commands/watch.js';
import { temporaryFolder } from './temporary-folder.js';
import { takeStreams, type TerminalStreams } from './terminal-streams.js';
import { until } from './until.js';

const folder = temporaryFolder();
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

function streams(rows?: number): TerminalStreams {
  const taken = takeStreams(rows);
  cleanUp.push(() => taken.restore());
  return taken;
}

/** Makes logs, and a function that returns what they wrote to their console. */
function logs(): { logging: Logging; console: () => string } {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk) => (written += String(chunk)));
  const logging = createLogging({ level: 'info', console: { stream, format: 'json' } });
  cleanUp.push(() => logging.close());
  return { logging, console: () => written };
}

function opened<V extends LiveView>(view: V): V {
  cleanUp.push(() => view.close());
  return view;
}

describe('the live screen', () => {
  test('shows the status and below it the newest log lines that fit, and gives the log back at its end', async () => {
    const terminal = streams(8);
    const { logging, console } = logs();
    const view = opened(
      openLiveScreen(
        logging,
        'greeter',
        () => ['the first line', 'the second line'],
        () => undefined,
      ),
    );
    expect(terminal.shown()).toContain('the first line');
    expect(terminal.shown()).not.toContain('log');
    // Two lines of status, an empty line, the heading and the keys leave room for three log lines.
    for (let i = 1; i <= 5; i++) logging.logger('test').info(`message ${i}`);
    await until(() => terminal.shown().includes('message 5'));
    expect(terminal.shown()).toMatch(/log[^]*message 3[^]*message 4[^]*message 5/);
    expect(terminal.shown()).not.toContain('message 2');
    expect(console()).toBe('');
    view.close();
    logging.logger('test').info('after the end');
    await until(() => console().includes('after the end'));
    expect(terminal.shown()).not.toContain('after the end');
  });

  test('shows the status alone where nothing fits below it', async () => {
    const terminal = streams(5);
    const { logging } = logs();
    let draws = 0;
    opened(
      openLiveScreen(
        logging,
        'greeter',
        () => (draws++, ['1', '2']),
        () => undefined,
      ),
    );
    logging.logger('test').info('hidden');
    await until(() => draws > 1);
    expect(terminal.shown()).not.toContain('hidden');
  });

  test('shows one log line where one fits', async () => {
    const terminal = streams(6);
    const { logging } = logs();
    opened(
      openLiveScreen(
        logging,
        'greeter',
        () => ['1', '2'],
        () => undefined,
      ),
    );
    logging.logger('test').info('hidden');
    logging.logger('test').info('seen');
    await until(() => terminal.shown().includes('seen'));
    expect(terminal.shown()).not.toContain('hidden');
  });

  /** A screen with these lines, and how often it has been told to end. */
  function screenOf(lines: readonly string[]): { quits: () => number; logging: Logging } {
    let quits = 0;
    const { logging } = logs();
    opened(
      openLiveScreen(
        logging,
        'greeter',
        () => lines,
        () => quits++,
      ),
    );
    return { quits: () => quits, logging };
  }

  test('names its keys, and asks before q ends the program', async () => {
    const terminal = streams(10);
    const { quits } = screenOf(['1']);
    await until(() => terminal.shown().includes('q: stop the greeter'));
    terminal.type('q');
    await until(() => terminal.shown().includes('q again stops the greeter; any other key goes on'));
    terminal.type('xq');
    await until(() => terminal.shown().split('q again stops').length > 2);
    expect(quits()).toBe(0);
    terminal.type('q');
    await until(() => quits() === 1);
  });

  test('ends at once when the user presses Ctrl-C', async () => {
    const terminal = streams(10);
    const { quits } = screenOf(['1']);
    terminal.type('\u0003');
    await until(() => quits() === 1);
  });

  test('says how many lines do not fit, and scrolls to them', async () => {
    const terminal = streams(8);
    screenOf(Array.from({ length: 20 }, (_, i) => `line ${i + 1}.`));
    await until(() => terminal.shown().includes('… 14 more below'));
    expect(terminal.shown()).toMatch(/line 1\.[^]*line 6\./);
    expect(terminal.shown()).not.toContain('line 7.');
    terminal.type('\u001b[B');
    await until(() => terminal.shown().includes('… 1 more above, 13 more below'));
    expect(terminal.shown()).toContain('line 7.');
    terminal.type('\u001b[6~');
    await until(() => terminal.shown().includes('… 7 more above, 7 more below'));
    terminal.type('\u001b[F');
    await until(() => terminal.shown().includes('… 14 more above'));
    expect(terminal.shown()).toContain('line 20.');
    terminal.type('\u001b[H');
    await until(() => terminal.shown().lastIndexOf('… 14 more below') > terminal.shown().indexOf('… 14 more above'));
  });

  test('keeps room for the log above what does not fit', async () => {
    const terminal = streams(14);
    const { logging } = screenOf(Array.from({ length: 40 }, (_, i) => `line ${i + 1}.`));
    for (let i = 1; i <= 5; i++) logging.logger('test').info(`message ${i}`);
    await until(() => terminal.shown().includes('message 5'));
    expect(terminal.shown()).toMatch(/line 7\.[^]*33 more below[^]*message 3[^]*message 5/);
  });

  test('shows the lines that scripts wait for in its log, not in the middle of its figures', async () => {
    const terminal = streams(10);
    screenOf(['1']);
    announce('greeter ready on 127.0.0.1:53');
    expect(terminal.shown()).not.toContain('ready');
    await until(() => terminal.shown().includes('greeter ready on 127.0.0.1:53'));
    expect(terminal.shown()).toMatch(/log\S*\u001b[^]*greeter ready/);
    expect(terminal.shown()).not.toContain('ready on 127.0.0.1:53\n');
  });

  test('is plain text where there is no terminal, and leaves the log on the console', async () => {
    const terminal = streams();
    const { logging, console } = logs();
    opened(
      openLiveScreen(
        logging,
        'greeter',
        () => ['the status'],
        () => undefined,
      ),
    );
    logging.logger('test').info('a message');
    await until(() => console().includes('a message'));
    expect(terminal.shown()).toBe('the status\n\n');
  });
});

describe('the live prompt', () => {
  const number = option({ format: 'string', required: true, doc: 'A number' });
  const add = verb({
    name: 'add',
    describe: 'Add',
    words: { a: number, b: number },
    answer: (_running: object, { a, b }) => ({ sum: Number(a) + Number(b) }),
    lines: ({ sum }) => [`${sum}`, 'done'],
  });
  const fail = verb({
    name: 'fail',
    describe: 'Fail',
    answer: (_running: object): object => {
      throw new Error('it cannot be done');
    },
    lines: () => [],
  });
  const commands = promptWords([add, fail], {});

  test('runs the commands of a script one after the other, and quits at its end', async () => {
    const terminal = streams();
    const { logging, console } = logs();
    let quits = 0;
    opened(openLivePrompt(logging, commands, undefined, () => quits++));
    terminal.type('add 1 2\nfail\nadd 3 4\n');
    logging.logger('test').info('a message');
    await until(() => console().includes('a message'));
    terminal.endInput();
    await until(() => quits === 1);
    expect(terminal.shown()).toMatch(/^3\ndone\n[^]*it cannot be done[^]*7\ndone\n/);
    expect(terminal.shown()).not.toContain('a message');
  });

  test('shows log lines above the typed line on a terminal, keeps its history, and gives the log back', async () => {
    const terminal = streams(10);
    const { logging, console } = logs();
    const history = join(folder, 'history');
    let quits = 0;
    opened(openLivePrompt(logging, commands, history, () => quits++));
    await until(() => terminal.shown().includes('relay> '));
    logging.logger('test').info('a message');
    await until(() => terminal.shown().includes('a message'));
    expect(console()).toBe('');
    terminal.type('add 1 2\r');
    await until(() => terminal.shown().includes('done'));
    terminal.type('quit\r');
    await until(() => quits === 1 && existsSync(history));
    await until(() => readFileSync(history, 'utf8').includes('add 1 2'));
    logging.logger('test').info('after the end');
    await until(() => console().includes('after the end'));
  });
});

describe('status --watch', () => {
  /** Runs the command against an admin socket of this process. */
  async function watched(ask: () => number, json = false): Promise<void> {
    const status = verb({
      name: 'status',
      describe: 'Tell',
      answer: (_running: object) => ask(),
      lines: (answer) => [`status ${answer}`],
      newLines: () => (answer) => [`status ${answer}`],
    });
    const admin = join(folder, 'watch.sock');
    const server = await openAdminServer(admin, adminCalls([status], {}));
    try {
      await status.command({ options: [], find: () => ({ admin }) }).run?.({ watch: true, json });
    } finally {
      await server.close();
    }
  }

  test('shows each answer until the user presses q', async () => {
    const terminal = streams(10);
    let answers = 0;
    const ended = watched(() => ++answers);
    await until(() => terminal.shown().includes('status 1'));
    // The next frame changes only that digit.
    await until(() => answers >= 3);
    terminal.type('q');
    await ended;
    const before = answers;
    expect(before).toBeGreaterThanOrEqual(3);
  });

  test('ends with the failure of the question', async () => {
    const terminal = streams(10);
    let answers = 0;
    const ended = watched(() => {
      if (++answers === 1) return 7;
      throw new Error('it has gone away');
    });
    await expect(ended).rejects.toThrow('it has gone away');
    expect(terminal.shown()).toContain('status 7');
    expect(answers).toBe(2);
  });

  test('names its keys, with which nothing of the program ends', async () => {
    const terminal = streams(10);
    const ended = watched(() => 1);
    await until(() => terminal.shown().includes('q: leave'));
    terminal.type('q');
    await ended;
  });

  test('prints each answer as one line of JSON with --json, until its reader has gone', async () => {
    const terminal = streams();
    let answers = 0;
    const ended = watched(() => ++answers, true);
    await until(() => terminal.shown() === '1\n2\n');
    process.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await ended;
    expect(terminal.shown()).toBe('1\n2\n');
  });

  test('waits for a program that restarts, and shows it again', async () => {
    const terminal = streams(10);
    let asked = 0;
    const away = new ProgramFailure(EXIT.unreachable, 'no running program answers');
    const ended = watch(
      () => {
        asked++;
        return asked === 2 || asked === 3 ? Promise.reject(away) : Promise.resolve(asked);
      },
      { lines: (answer) => [`status ${answer}`], json: false },
    );
    await until(() => terminal.shown().includes('the program does not answer: waiting for it'));
    await until(() => asked >= 4);
    await until(() => terminal.shown().lastIndexOf('4') > terminal.shown().indexOf('waiting for it'));
    terminal.type('q');
    await ended;
  });
});
