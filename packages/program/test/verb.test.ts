import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defineSchema, duration, integer, option } from '@relay/config';
import {
  adminCalls,
  askAdmin,
  EXIT,
  openAdminServer,
  ProgramFailure,
  promptWords,
  runCommandLine,
  verb,
  type AdminPlace,
  type AdminServer,
} from '../src/index.js';
import { captured } from './captured.js';
import { temporaryFolder } from './temporary-folder.js';

const flags = (tree: Parameters<typeof defineSchema>[0]) => defineSchema(tree, { program: 'house' }).options;

/** A program that keeps guests. */
class House {
  readonly guests = new Map<string, number>();
}

interface HousePlace extends AdminPlace {
  readonly doormat: string[];
}

interface Guest {
  readonly name: string;
  readonly nights: number;
  readonly withMs: number | undefined;
}

const welcome = verb({
  name: 'welcome',
  describe: 'Let a guest in',
  words: {
    name: option({ format: 'string', required: true, doc: "The guest's name" }),
    nights: option({ format: integer({ min: 1, max: 30 }), doc: 'For how long' }),
  },
  options: {
    lateBy: option({ format: duration(), environment: false, doc: 'How late the guest is' }),
    pet: option({ format: ['cat', 'dog'], array: true, environment: false, doc: 'What comes along' }),
  },
  complete: () => ['ada', 'eve'],
  answer: ({ guests }: House, { name, nights = 1, lateBy, pet }): Guest & { pets: readonly string[] } => {
    if (guests.has(name)) throw new ProgramFailure(EXIT.refused, `${name} is here already`);
    guests.set(name, nights);
    return { name, nights, withMs: lateBy, pets: pet };
  },
  lines: ({ name, nights, pets }) => [`${name} stays for ${nights}`, ...pets.map((pet) => `with a ${pet}`)],
});

const count = verb({
  name: 'count',
  describe: 'Count the guests',
  answer: ({ guests }: House) => ({ guests: guests.size }),
  lines: ({ guests }) => [`${guests} guests`],
  newLines: () => {
    let before = 0;
    return ({ guests }) => {
      const lines = [`${guests} guests, ${guests - before} more`];
      before = guests;
      return lines;
    };
  },
});

const note = verb({
  name: 'note',
  describe: 'Leave a note',
  words: { text: option({ format: 'string', required: true, doc: 'What it says' }) },
  answer: (_house: House, { text }) => ({ text }),
  lines: ({ text }) => [`noted: ${text}`],
  alone: {
    options: flags({ colour: option({ format: 'string', doc: 'Of the paper' }) }),
    run: ({ doormat }: HousePlace, { text }, print) => {
      doormat.push(text);
      return print({ text });
    },
  },
});

const mood = verb({
  name: 'mood',
  describe: 'Set the mood',
  words: { word: option({ format: ['calm', 'gay'], doc: 'Which' }) },
  answer: (_house: House, { word }) => Promise.resolve({ word: word ?? 'none' }),
  lines: ({ word }) => [word],
});

const VERBS = [welcome, count, note, mood];

const folder = temporaryFolder();
let admin: AdminServer | undefined;
afterEach(async () => {
  await admin?.close();
  admin = undefined;
});

/** Makes a house with open doors: the program runs in this process. */
async function opened(): Promise<{ house: House; path: string; doormat: string[] } & Doors> {
  const house = new House();
  const path = join(folder, 'house.sock');
  admin = await openAdminServer(path, adminCalls(VERBS, house));
  const doormat: string[] = [];
  return { house, path, doormat, ...doors(house, path, doormat) };
}

interface Doors {
  readonly command: (...args: string[]) => ReturnType<typeof captured>;
  readonly prompt: (...words: string[]) => Promise<unknown>;
  readonly complete: (...words: string[]) => string[];
}

function doors(house: House, path: string, doormat: string[]): Doors {
  const words = promptWords(VERBS, house);
  const door = {
    options: flags({ socket: option({ format: 'path', doc: 'Where it is' }) }),
    find: ({ socket }: Readonly<Record<string, unknown>>): HousePlace => ({
      admin: typeof socket === 'string' ? socket : path,
      doormat,
    }),
  };
  return {
    command: (...args) =>
      captured(() =>
        runCommandLine({
          program: 'house',
          describe: 'Keep guests',
          packageJson: new URL('../package.json', import.meta.url),
          args,
          commands: VERBS.map((each) => each.command(door)),
        }),
      ),
    prompt: async (name = '', ...args) => words[name]?.run(args),
    complete: (name = '', ...args) => words[name]?.complete?.(args) ?? [],
  };
}

describe('a verb', () => {
  test('gives the same answer as a command, at the prompt and over the admin socket', async () => {
    const { house, path, command, prompt } = await opened();
    const lines = 'ada stays for 3\nwith a cat\nwith a dog';
    const typed = ['welcome', 'ada', '3', '--pet', 'cat', '--pet', 'dog', '--late-by', '5m'];
    expect(await command(...typed)).toEqual({ stdout: `${lines}\n`, stderr: '', exitCode: undefined });
    house.guests.clear();
    expect(await prompt(...typed)).toBe(lines);
    house.guests.clear();
    const answer = { name: 'ada', nights: 3, withMs: 300_000, pets: ['cat', 'dog'] };
    const parameters = { name: 'ada', nights: 3, lateBy: '5m', pet: ['cat', 'dog'] };
    expect(await askAdmin(path, 'welcome', parameters)).toEqual(answer);
    house.guests.clear();
    expect(JSON.parse((await command(...typed, '--json')).stdout)).toEqual(answer);
    house.guests.clear();
    expect(JSON.parse(String(await prompt(...typed, '--json')))).toEqual(answer);
  });

  test('leaves out parameters that were not given', async () => {
    const { path, prompt } = await opened();
    expect(await prompt('welcome', 'ada')).toBe('ada stays for 1');
    expect(await askAdmin(path, 'welcome', { name: 'eve', nights: null })).toEqual({
      ...{ name: 'eve', nights: 1, pets: [] },
    });
    expect(await askAdmin(path, 'mood')).toEqual({ word: 'none' });
  });

  test.each([
    [['welcome', 'ada', 'many'], 'NIGHTS: expected a whole number from 1 to 30, not "many"'],
    [['welcome', 'ada', '31'], 'NIGHTS: expected a whole number from 1 to 30, not "31"'],
    [['welcome', 'ada', '--late-by', 'ages'], /^flag --late-by: lateBy: expected .*, not "ages"$/],
    [['mood', 'clam'], 'WORD: expected calm or gay, not "clam"; did you mean calm?'],
  ])('refuses %j at each door, before it does anything', async (typed, expected) => {
    const { house, path, command, prompt } = await opened();
    const message = typeof expected === 'string' ? expected : expect.stringMatching(expected);
    await expect(prompt(...typed)).rejects.toMatchObject({ message });
    const { stdout, stderr, exitCode } = await command(...typed);
    expect([stdout, exitCode]).toEqual(['', EXIT.usage]);
    expect(stderr.trimEnd().replace(/^house: /, '')).toEqual(message);
    const [name = '', first, second, value] = typed;
    const parameters =
      value !== undefined
        ? { name: first, lateBy: value }
        : name === 'mood'
          ? { word: first }
          : { name: first, nights: second };
    await expect(askAdmin(path, name, parameters)).rejects.toMatchObject({ exitCode: EXIT.refused, message });
    expect(house.guests.size).toBe(0);
  });

  test('that lacks a word, or has one too many, explains its usage', async () => {
    const { path, command, prompt } = await opened();
    const usage = 'welcome NAME [NIGHTS] [--late-by TIME] [--pet cat|dog]…';
    const missing = `welcome: NAME is missing (usage: ${usage})`;
    await expect(prompt('welcome')).rejects.toMatchObject({ message: missing, exitCode: EXIT.usage });
    await expect(askAdmin(path, 'welcome')).rejects.toMatchObject({ message: missing });
    expect(await command('welcome')).toMatchObject({ exitCode: EXIT.usage, stdout: '' });
    await expect(prompt('count', 'sheep')).rejects.toThrow("count: 'sheep' is too much (usage: count)");
    await expect(prompt('count', '--sheep')).rejects.toThrow('count: Unknown argument: sheep (usage: count)');
    await expect(askAdmin(path, 'count', { sheep: 1 })).rejects.toThrow("count: it has no parameter 'sheep'");
  });

  test.each([[['a']], [{}], [true]])('refuses a word that is %j', async (name) => {
    const { house, path } = await opened();
    await expect(askAdmin(path, 'welcome', { name })).rejects.toThrow(/^NAME: expected /);
    expect(house.guests.size).toBe(0);
  });

  test('that throws ends its command with the exit code of a refusal', async () => {
    const { command, prompt } = await opened();
    await prompt('welcome', 'ada');
    await expect(prompt('welcome', 'ada')).rejects.toThrow('ada is here already');
    const expected = { stdout: '', stderr: 'house: ada is here already\n', exitCode: EXIT.refused };
    expect(await command('welcome', 'ada')).toEqual(expected);
  });

  test('shows the changes between two answers at one prompt, but not in a command', async () => {
    const { prompt, command } = await opened();
    await prompt('welcome', 'ada');
    expect(await prompt('count')).toBe('1 guests, 1 more');
    expect(await prompt('count')).toBe('1 guests, 0 more');
    expect((await command('count')).stdout).toBe('1 guests\n');
  });

  test('that works alone asks no running program', async () => {
    const { doormat, command } = await opened();
    await admin?.close();
    admin = undefined;
    expect(await command('note', 'back at six', '--colour', 'red')).toMatchObject({ stdout: 'noted: back at six\n' });
    expect(doormat).toEqual(['back at six']);
    expect(await command('count')).toMatchObject({ exitCode: EXIT.unreachable, stdout: '' });
  });

  test('that needs a running program reports an admin socket that is off', async () => {
    const { command } = await opened();
    expect(await command('count', '--socket', 'off')).toEqual({
      stdout: '',
      stderr: 'house: the admin socket is off: this command needs it (--admin PATH)\n',
      exitCode: EXIT.usage,
    });
  });

  test('completes its first word and its flags at the prompt', async () => {
    const { complete } = await opened();
    expect(complete('welcome', '')).toEqual(['ada', 'eve']);
    expect(complete('welcome', 'ada', '')).toEqual([]);
    expect(complete('welcome', 'ada', '--')).toEqual(['--late-by', '--pet', '--json']);
    expect(complete('mood', '')).toEqual(['calm', 'gay']);
    expect(complete('count', '')).toEqual([]);
  });

  test('is described at the prompt with its parameters', () => {
    expect(Object.entries(promptWords(VERBS, new House())).map(([name, { summary }]) => [name, summary])).toEqual([
      ['welcome', 'NAME [NIGHTS] [--late-by TIME] [--pet cat|dog]…: let a guest in'],
      ['count', 'count the guests'],
      ['note', 'TEXT: leave a note'],
      ['mood', '[WORD]: set the mood'],
    ]);
  });
});
