/** Reads a command line along the tree of commands, as far as it goes. It never fails. */
import type { PlacedOption } from '@relay/config';
import type { Flags } from '../configured.js';
import { aliasOf, HELP, isSwitch, VERSION, type Command } from './command.js';

/** The place in the tree that the words of a command line lead to. */
export interface Located {
  /** The commands from the program to the one that is meant. */
  readonly path: readonly Command[];
  readonly command: Command;
  /** The words of the command. */
  readonly words: readonly string[];
  /** The flags that the command knows, with their values. */
  readonly flags: Flags;
  /** The flag whose value is the next word. */
  readonly open: PlacedOption | undefined;
  /** True after `--`: no flag follows. */
  readonly isWordsOnly: boolean;
}

/** A flag as it was typed. */
export interface TypedFlag {
  readonly placed: PlacedOption | undefined;
  readonly isNegated: boolean;
  /** The value behind `=`. */
  readonly value: string | undefined;
}

/** The options of a command, with those that every command has. */
export function optionsOf({ path, command }: Pick<Located, 'path' | 'command'>): readonly PlacedOption[] {
  return [...(command.options ?? []), ...HELP, ...(path.length === 1 ? VERSION : [])];
}

/** Reads one word that begins with a dash. */
export function typedFlag(word: string, options: readonly PlacedOption[]): TypedFlag {
  const [, dashes = '', name = '', value] = /^(--?)([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
  const find = (flag: string): PlacedOption | undefined =>
    options.find((each) => (dashes === '--' ? each.flag === flag : aliasOf(each) === flag));
  const placed = find(name);
  const negated = placed === undefined && name.startsWith('no-') ? find(name.slice(3)) : undefined;
  return { placed: placed ?? negated, isNegated: negated !== undefined, value };
}

/** Finds the command that the arguments lead to. */
export function locate(program: Command, args: readonly string[]): Located {
  let path = [program];
  let command = program;
  const words: string[] = [];
  const flags: Record<string, unknown> = {};
  let open: PlacedOption | undefined;
  let isWordsOnly = false;
  for (const arg of args) {
    const opened: PlacedOption | undefined = open;
    open = undefined;
    if (isWordsOnly) words.push(arg);
    else if (opened !== undefined && !isFlag(arg)) add(flags, opened, arg);
    else if (arg === '--') isWordsOnly = true;
    else if (isFlag(arg)) {
      const { placed, isNegated, value } = typedFlag(arg, optionsOf({ path, command }));
      if (placed === undefined) continue;
      if (isSwitch(placed)) add(flags, placed, !isNegated);
      else if (value === undefined) open = placed;
      else add(flags, placed, value);
    } else {
      const next = words.length === 0 ? command.commands?.find(({ name }) => name === arg) : undefined;
      if (next === undefined) words.push(arg);
      else [path, command] = [[...path, next], next];
    }
  }
  return { path, command, words, flags, open, isWordsOnly };
}

/** A lone dash and a negative number are values. */
const isFlag = (arg: string): boolean => arg.startsWith('-') && arg !== '-' && !/^-\d/.test(arg);

function add(flags: Record<string, unknown>, { flag = '', option }: PlacedOption, value: unknown): void {
  const before = flags[flag];
  flags[flag] =
    option.definition.array === true ? [...(Array.isArray(before) ? (before as unknown[]) : []), value] : value;
}
