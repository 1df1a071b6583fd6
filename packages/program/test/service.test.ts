import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineSchema, option, type Values } from '@relay/config';
import {
  askAdmin,
  commonOptions,
  EXIT,
  LiveConfiguration,
  logVerb,
  ProgramFailure,
  reloadVerb,
  runCommandLine,
  Service,
  startCommand,
  statusVerb,
  stopVerb,
  verb,
  type Frame,
  type Program,
  type ProgramStatus,
  type RunningProgram,
  type Work,
} from '../src/index.js';
import { captured } from './captured.js';
import { logText } from './log-text.js';
import { temporaryFolder } from './temporary-folder.js';

const schema = defineSchema(
  { ...commonOptions, greeting: option({ format: 'string', default: 'hello', doc: 'What it says' }) },
  { program: 'greeter', environmentPrefix: 'GREETER_TEST_' },
);
type Settings = Values<typeof schema>;
type GreeterService = Service<Settings, Greeter>;

const NO_TRAFFIC = { inDatagrams: 0, inBytes: 0, outDatagrams: 0, outBytes: 0, drops: {} };

/** Work that greets and records in which order the service used it. */
class Greeter implements Work {
  readonly steps: string[];
  readonly #frame: Frame<Settings>;
  readonly #fails: string | undefined;

  constructor(frame: Frame<Settings>, steps: string[], fails: string | undefined) {
    this.#frame = frame;
    this.steps = steps;
    this.#fails = fails;
    this.#step('make');
  }

  get descriptors(): Frame<Settings>['descriptors'] {
    return this.#frame.descriptors;
  }

  open(): Promise<void> {
    return Promise.resolve().then(() => this.#step('open'));
  }

  begin(): void {
    this.#step('begin');
  }

  reload(): void {
    this.#step('reload');
  }

  status(): ProgramStatus & { readonly greeting: string } {
    return {
      ...{ program: 'greeter', pid: process.pid, upMs: 1, engine: 'none', flows: 0 },
      forward: { toTarget: NO_TRAFFIC, fromTarget: NO_TRAFFIC },
      packets: { in: 0, inBytes: 0, out: 0, outBytes: 0, unsent: 0, kernelDrops: 0, drops: {} },
      health: this.#frame.load.health,
      greeting: this.#frame.settings.greeting,
    };
  }

  close(): Promise<void> {
    this.#step('close');
    return Promise.resolve();
  }

  #step(name: string): void {
    this.steps.push(name);
    if (name === this.#fails) throw new ProgramFailure(EXIT.failed, `cannot ${name}`);
  }
}

const folder = temporaryFolder();
let number = 0;

/** Makes a program whose files all lie in its own folder. */
function greeter(fails?: string): { program: Program<Settings, Greeter>; steps: string[]; at: string; flags: object } {
  const at = join(folder, `${++number}`);
  mkdirSync(at);
  const steps: string[] = [];
  const program: Program<Settings, Greeter> = {
    noun: 'greeter',
    schema,
    check: ({ greeting }) => {
      if (greeting === 'none') throw new ProgramFailure(EXIT.usage, 'nothing to say');
    },
    newWork: (frame) => new Greeter(frame, steps, fails),
    verbs: [
      statusVerb('greeter', () => ({ greeting }: ReturnType<Greeter['status']>) => [greeting]),
      reloadVerb('greeter', 'its file'),
      logVerb,
      stopVerb('greeter'),
      verb({
        name: 'greet',
        describe: 'Greet',
        answer: ({ settings }: RunningProgram<Settings, Greeter>) => ({ greeting: settings.greeting }),
        lines: ({ greeting }) => [greeting],
      }),
    ],
    calls: (own) => ({ steps: () => own.steps }),
    adminPaths: ({ admin }) => (admin === undefined ? [join(at, 'a.sock'), join(at, 'b.sock')] : [admin]),
    historyPath: () => join(at, 'history'),
    newScreen: (own) => () => [own.status().greeting],
  };
  return { program, steps, at, flags: { 'log-level': 'error', 'log-dir': join(at, 'logs') } };
}

const start = (
  program: Program<Settings, Greeter>,
  flags: object,
  stop = (): void => undefined,
): Promise<GreeterService> => Service.start(program, new LiveConfiguration(schema, { ...flags }), stop);

describe('a service', () => {
  test('opens its work and its admin socket, begins, and closes everything in order', async () => {
    const { program, steps, at, flags } = greeter();
    const service = await start(program, flags);
    const admin = join(at, 'a.sock');
    expect(await askAdmin(admin, 'status')).toMatchObject({ greeting: 'hello' });
    expect(await askAdmin(admin, 'greet')).toEqual({ greeting: 'hello' });
    expect(await askAdmin(admin, 'steps')).toEqual(['make', 'open', 'begin']);
    await service.close();
    expect(steps).toEqual(['make', 'open', 'begin', 'close']);
    expect(readdirSync(at)).toEqual(['logs']);
  });

  test.each([
    ['make', ['make']],
    ['open', ['make', 'open', 'close']],
    ['begin', ['make', 'open', 'begin', 'close']],
  ])('whose work cannot %s leaves nothing running', async (fails, expected) => {
    const { program, steps, at, flags } = greeter(fails);
    await expect(start(program, flags)).rejects.toMatchObject({ message: `cannot ${fails}`, exitCode: EXIT.failed });
    expect(steps).toEqual(expected);
    await expect(askAdmin(join(at, 'a.sock'), 'status')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    // Nothing that the first one left open keeps a second one from starting.
    const again = greeter();
    const service = await start({ ...again.program, adminPaths: program.adminPaths }, flags);
    await service.close();
  });

  test('whose admin socket cannot be opened leaves nothing running', async () => {
    const { program, steps, at, flags } = greeter();
    const admin = join(at, 'missing', 'a.sock');
    await expect(start(program, { ...flags, admin })).rejects.toThrow(`cannot open the admin socket ${admin}`);
    expect(steps).toEqual(['make', 'open', 'close']);
  });

  test('whose settings contradict each other opens nothing, not even a log', async () => {
    const { program, steps, at, flags } = greeter();
    await expect(start(program, { ...flags, greeting: 'none' })).rejects.toMatchObject({ exitCode: EXIT.usage });
    expect(steps).toEqual([]);
    expect(readdirSync(at)).toEqual([]);
  });

  test('takes the next admin socket if another program has the first, and none if it is off', async () => {
    const { program, at } = greeter();
    const flags = { 'log-level': 'error' };
    const first = await start(program, flags);
    const second = await start(program, flags);
    const third = await start(program, { ...flags, admin: 'off' });
    const answers = ['a.sock', 'b.sock'].map((name) => askAdmin(join(at, name), 'greet'));
    expect(await Promise.all(answers)).toEqual([{ greeting: 'hello' }, { greeting: 'hello' }]);
    for (const service of [third, second]) await service.close();
    expect(readdirSync(at)).toEqual(['a.sock']);
    await first.close();
  });

  test('reads its work and its configuration again, and reports what has changed', async () => {
    const { program, steps, at } = greeter();
    const config = join(at, 'greeter.toml');
    writeFileSync(config, '');
    const service = await start(program, { 'log-dir': join(at, 'logs'), config, admin: join(at, 'a.sock') });
    expect(await askAdmin(join(at, 'a.sock'), 'reload')).toEqual({ changes: [] });
    writeFileSync(config, 'logLevel = "error"\n');
    expect(await askAdmin(join(at, 'a.sock'), 'reload')).toEqual({ changes: [expect.stringContaining('logLevel')] });
    expect([service.logs.level, steps.filter((step) => step === 'reload').length]).toEqual(['error', 2]);
    writeFileSync(config, 'logLevel = "error"\ngreeting = "hey"\n');
    await askAdmin(join(at, 'a.sock'), 'reload');
    const pending = [{ key: 'greeting', change: expect.stringMatching(/^greeting: "hello" -> "hey"/) }];
    expect(await askAdmin(join(at, 'a.sock'), 'status')).toMatchObject({ greeting: 'hello', restartPending: pending });
    expect(await askAdmin(join(at, 'a.sock'), 'log', { level: 'warn' })).toEqual({ level: 'warn' });
    expect(service.logs.level).toBe('warn');
    await service.close();
  });

  test('reads again once more for all who ask while it reads, and gives them that answer', async () => {
    const { program, steps, at } = greeter();
    const [config, admin] = [join(at, 'greeter.toml'), join(at, 'a.sock')];
    writeFileSync(config, '');
    let isApplying = (): void => undefined;
    let goOn = (): void => undefined;
    const applying = new Promise<void>((resolve) => (isApplying = resolve));
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const apply = (): Promise<void> => (isApplying(), gate);
    const service = await start({ ...program, apply }, { 'log-dir': join(at, 'logs'), config, admin });
    const first = askAdmin(admin, 'reload');
    await applying;
    writeFileSync(config, 'logLevel = "error"\n');
    const later = Array.from({ length: 10 }, () => service.reload());
    const quiet = Array.from({ length: 10 }, () => service.reloadQuietly());
    goOn();
    expect(await first).toEqual({ changes: [] });
    for (const changes of await Promise.all(later)) expect(changes).toEqual([expect.stringContaining('logLevel')]);
    await Promise.all(quiet);
    expect(steps.filter((step) => step === 'reload').length).toBeLessThanOrEqual(4);
    await service.close();
  });

  test('logs whether the configuration is wrong or cannot be applied, where nobody waits for an answer', async () => {
    const { program, at } = greeter();
    const config = join(at, 'greeter.toml');
    writeFileSync(config, '');
    const apply = (): never => {
      throw new Error('there is no room');
    };
    const service = await start({ ...program, apply }, { 'log-dir': join(at, 'logs'), config });
    await service.reloadQuietly();
    writeFileSync(config, 'logLevel = "loud"\n');
    await service.reloadQuietly();
    await service.close();
    expect(logText(join(at, 'logs')).match(/the configuration [^:]*: nothing was changed/g)).toEqual([
      'the configuration cannot be applied: nothing was changed',
      'the configuration is wrong: nothing was changed',
    ]);
  });

  test('goes on if its work cannot be read again, and still reads the configuration', async () => {
    const { program, at } = greeter('reload');
    const config = join(at, 'greeter.toml');
    writeFileSync(config, '');
    const service = await start(program, { 'log-format': 'json', config });
    await expect(askAdmin(join(at, 'a.sock'), 'reload')).rejects.toThrow('cannot reload');
    writeFileSync(config, 'logLevel = "warn"\n');
    await service.reloadQuietly();
    expect(service.logs.level).toBe('warn');
    await service.close();
  });

  test('logs that file descriptors have run out, and that there are some again', async () => {
    const { program, at, flags } = greeter();
    const service = await start(program, { ...flags, 'log-level': 'info' });
    service.own.descriptors.ranOut();
    service.own.descriptors.check();
    await service.close();
    const lines = logText(join(at, 'logs')).split('\n');
    expect(lines.filter((line) => line.includes('descriptors'))).toEqual([
      expect.stringMatching(/warn.*no file descriptors left/),
      expect.stringMatching(/info.*there are file descriptors again/),
    ]);
  });
});

describe('the start command', () => {
  test('refuses a prompt and a status screen together', async () => {
    const { program, steps } = greeter();
    const { stderr, exitCode } = await captured(() =>
      runCommandLine({
        program: 'greeter',
        describe: 'Work',
        packageJson: new URL('../package.json', import.meta.url),
        args: ['-i', '--status'],
        commands: [startCommand(program)],
      }),
    );
    expect([stderr, exitCode]).toEqual([
      'greeter: --interactive and --status exclude each other: the prompt has the word status\n',
      EXIT.usage,
    ]);
    expect(steps).toEqual([]);
  });

  test('runs until a call over the admin socket stops it, and closes everything', async () => {
    const { program, steps, at } = greeter();
    const admin = join(at, 'a.sock');
    const begun = new Promise<void>((resolve) => {
      const { newWork } = program;
      Object.assign(program, {
        newWork: async (frame: Frame<Settings>) => {
          const work = await newWork(frame);
          return Object.assign(work, { begin: () => resolve() });
        },
      });
    });
    const ended = captured(() =>
      runCommandLine({
        program: 'greeter',
        describe: 'Work',
        packageJson: new URL('../package.json', import.meta.url),
        args: ['--admin', admin, '--log-level', 'error'],
        commands: [startCommand(program)],
      }),
    );
    await begun;
    expect(await askAdmin(admin, 'stop')).toEqual({ pid: process.pid });
    expect(await ended).toEqual({ stdout: '', stderr: '', exitCode: undefined });
    expect(steps).toEqual(['make', 'open', 'close']);
  });
});
