import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { option } from '@relay/config';
import { createLogging, type Logging } from '@relay/logging';
import {
  adminCalls,
  openAdminServer,
  openLivePrompt,
  openLiveScreen,
  promptWords,
  verb,
  type LiveView,
} from '../src/index.js';
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
    const terminal = streams(7);
    const { logging, console } = logs();
    const view = opened(
      openLiveScreen(
        logging,
        () => ['the first line', 'the second line'],
        () => undefined,
      ),
    );
    expect(terminal.shown()).toContain('the first line');
    expect(terminal.shown()).not.toContain('log');
    // Two lines of status, an empty line and the heading leave room for three log lines.
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
    const terminal = streams(4);
    const { logging } = logs();
    let draws = 0;
    opened(
      openLiveScreen(
        logging,
        () => (draws++, ['1', '2']),
        () => undefined,
      ),
    );
    logging.logger('test').info('hidden');
    await until(() => draws > 1);
    expect(terminal.shown()).not.toContain('hidden');
  });

  test('shows one log line where one fits', async () => {
    const terminal = streams(5);
    const { logging } = logs();
    opened(
      openLiveScreen(
        logging,
        () => ['1', '2'],
        () => undefined,
      ),
    );
    logging.logger('test').info('hidden');
    logging.logger('test').info('seen');
    await until(() => terminal.shown().includes('seen'));
    expect(terminal.shown()).not.toContain('hidden');
  });

  test('ends when the user presses q', async () => {
    const terminal = streams(10);
    let quits = 0;
    opened(
      openLiveScreen(
        logs().logging,
        () => ['1'],
        () => quits++,
      ),
    );
    expect(quits).toBe(0);
    terminal.type('q');
    await until(() => quits === 1);
  });

  test('is plain text where there is no terminal, and leaves the log on the console', async () => {
    const terminal = streams();
    const { logging, console } = logs();
    opened(
      openLiveScreen(
        logging,
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
  async function watched(ask: () => number): Promise<void> {
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
      await status.command({ options: {}, find: () => ({ admin }) }).handler({ watch: true, _: [], $0: '' });
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
});
