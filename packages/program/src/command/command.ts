/**
 * A program's commands are a tree, written once. The parser of command lines, the help, suggestions
 * and the completion of shells all read this tree.
 */
import { defineSchema, option, type Option, type PlacedOption } from '@relay/config';
import type { Flags } from '../configured.js';

/** A word that a command takes after its name. */
export interface CommandWord {
  /** In lower case. It is shown in capitals, and its value is the flag of this name. */
  readonly name: string;
  /** Its format and its sentence; whether it is required, and takes all words that follow. */
  readonly option: Option<unknown>;
  /**
   * Returns values to offer for completion that the format does not list, such as names in the
   * state folder. It gets the flags that were typed. A failure offers nothing.
   */
  readonly candidates?: (flags: Flags) => readonly string[] | Promise<readonly string[]>;
}

/** A command line for the help, without the names of program and command, and what it does. */
export type Example = readonly [line: string, what: string];

/** One command, or a group of commands. */
export interface Command {
  readonly name: string;
  /** One sentence for the help. */
  readonly describe: string;
  readonly words?: readonly CommandWord[];
  /** Its flags. */
  readonly options?: readonly PlacedOption[];
  /** The commands of a group. A group takes neither words nor options. */
  readonly commands?: readonly Command[];
  readonly examples?: readonly Example[];
  /** Runs the command. The flags hold the words too, by their names. A group has none. */
  readonly run?: (flags: Flags) => unknown;
}

/** Makes the switches that only commands have, by name, each with its sentence. */
export function switches(docs: Readonly<Record<string, string>>): readonly PlacedOption[] {
  const tree = Object.entries(docs).map(
    ([name, doc]) =>
      [name, option({ format: 'boolean', default: false, environment: false, file: false, doc })] as const,
  );
  return defineSchema(Object.fromEntries(tree), { program: 'switches' }).options;
}

/** The switches that every command has. */
export const HELP = switches({ help: 'Show this help' });
export const VERSION = switches({ version: 'Show the version' });

/** The short flags of the switches that every command has. */
export const BUILT_IN_ALIASES: Readonly<Record<string, string>> = { help: 'h', version: 'V' };

/** The short flag of an option. */
export const aliasOf = ({ flag = '', option: { definition } }: PlacedOption): string | undefined =>
  definition.alias ?? BUILT_IN_ALIASES[flag];

export const isSwitch = ({ option: { format } }: PlacedOption): boolean => format.name === 'boolean';

/** The word as it stands in a usage: `NAME`, `[NAME]`, `NAME…`. */
export function wordUsage({ name, option: { definition } }: CommandWord): string {
  const shown = `${name.toUpperCase()}${definition.array === true ? '…' : ''}`;
  return definition.required === true ? shown : `[${shown}]`;
}
