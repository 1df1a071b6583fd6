import { expect, test } from '@jest/globals';
import { isInstalled } from '../support/command.js';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { Folder } from '../support/folder.js';
import { CLIENT, SERVER } from '../support/program.js';
import { startRelay } from '../support/relay.js';
import { Server } from '../support/server.js';
import { Terminal } from '../support/terminal.js';

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?1049l';
const CLEAR = '\u001b[2J';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

if (!isInstalled('python3')) console.warn('python3 is not installed: the tests on a pseudo-terminal are left out.');
else {
  test.each([
    ['q and q', 'qq'],
    ['Ctrl-C', '\u0003'],
  ])(
    'the status screen is redrawn in place, follows the size, and gives the terminal back at %s',
    async (_name, key) => {
      using folder = new Folder();
      const args = ['--state', folder.at('state'), '--listen', '127.0.0.1:0', '--engine', 'dgram', '--status'];
      await using terminal = new Terminal(SERVER, args, { HOME: folder.path }, { rows: 30, columns: 100 });
      await terminal.see(/relay-server on 127\.0\.0\.1:\d+ +engine dgram/);
      terminal.mark();
      await terminal.see(/up \d|\d s|memory|late/);
      const redrawn = terminal.shownSince;
      expect(redrawn).not.toContain(CLEAR);
      expect(redrawn).not.toContain('\n');
      terminal.resize({ rows: 12, columns: 40 });
      await terminal.see(/relay-server on 127\.0\.0\.1/);
      const lines = terminal.shownSince.split(/\u001b\[\d+(?:;\d+)?H/).map(withoutSequences);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
      terminal.type(key);
      expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
      expect(count(terminal.shown, ENTER)).toBe(1);
      expect(terminal.shown.lastIndexOf(LEAVE)).toBeGreaterThan(terminal.shown.lastIndexOf(ENTER));
      expect(terminal.shown.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(terminal.shown.lastIndexOf(HIDE_CURSOR));
    },
  );

  test('the screen of a client shows its mappings and their traffic', async () => {
    await using echo = await Echo.open();
    using folder = new Folder();
    await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
    const environment = { HOME: folder.path, RELAY_SERVER: await server.invite('watcher', ['127.0.0.1']) };
    const args = [
      '--status',
      '--engine',
      'dgram',
      '--admin',
      folder.at('client.sock'),
      '-f',
      `0=127.0.0.1:${echo.port}`,
    ];
    await using terminal = new Terminal(CLIENT, args, environment);
    const [, port] = await terminal.see(/forward 127\.0\.0\.1:(\d+) -> 127\.0\.0\.1:\d+/);
    await terminal.see(/connected/);
    await using application = await Application.open();
    terminal.mark();
    await application.askUntilAnswered(Number(port));
    await terminal.see(/1/);
    terminal.type('q');
    await terminal.see(/q again stops the client/);
    terminal.type('q');
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });

  test('the screen of a client with many mappings has its figures first, and nothing written into it', async () => {
    using folder = new Folder();
    await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
    const environment = { HOME: folder.path, RELAY_SERVER: await server.invite('many', ['127.0.0.1']) };
    const forwards = Array.from({ length: 50 }, (_, i) => ['-f', `0=127.0.0.1:${i + 1}`]).flat();
    const args = [
      '--status',
      '--engine',
      'dgram',
      '--admin',
      folder.at('client.sock'),
      ...forwards,
      '-f',
      '0=localhost:9',
    ];
    await using terminal = new Terminal(CLIENT, args, environment, { rows: 24, columns: 80 });
    await terminal.see(/ready: forward 127\.0\.0\.1:\d+ -> localhost:9/);
    await terminal.see(/memory [\d.]+ MiB/);
    await terminal.see(/\d+ more below/);
    const [, screen = ''] = terminal.shown.split(ENTER);
    expect(screen).not.toContain('\n');
  });

  test('status --watch shows a running server until q, and does not end it', async () => {
    await using relay = await startRelay({ engine: 'dgram', forwards: ['0=127.0.0.1:9'] });
    await using terminal = new Terminal(SERVER, ['status', '--watch', '--state', relay.server.state]);
    await terminal.see(/1 session/);
    terminal.type('q');
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
    expect(await relay.server.status()).toMatchObject({ sessions: 1 });
  });
}

const count = (text: string, part: string): number => text.split(part).length - 1;
const withoutSequences = (text: string): string => text.replace(/\u001b(?:\[[\d;?]*[A-Za-z]|[()][A-Z0-9])/g, '');
