/**
 * The parameters of a verb, read at each door: from flags, from typed words, and from the object of
 * an admin call.
 */
import {
  defineSchema,
  loadConfiguration,
  valueNameOf,
  yargsOptions,
  type Option,
  type Schema,
  type ValuesOf,
  type PlacedOption,
} from '@relay/config';
import yargs from 'yargs';
import { isSwitch, switches, wordUsage, type CommandWord } from '../command/command.js';
import { readWord } from '../command/read-word.js';
import { PLAIN_PARSING } from '../command/parser.js';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';

/** Parameters by name. Each one has a format. */
export type ParameterTree = Readonly<Record<string, Option<unknown>>>;

/** The values of words and options. */
export type ParametersOf<Words, Options> = ValuesOf<Words> & ValuesOf<Options>;

/** The switch `--json`. Every door has it except the admin socket. */
const JSON_SWITCH = switches({ json: 'Print JSON' });

/**
 * The parameters of one verb. The format of an option checks its value at every door. A wrong value
 * throws a ProgramFailure, or a ConfigurationError that lists every mistake in the options.
 */
export class Parameters {
  readonly #verb: string;
  readonly #words: readonly (readonly [string, Option<unknown>])[];
  readonly #schema: Schema<Readonly<Record<string, unknown>>>;

  /** `words` stand after the verb, in this order. `options` have flags. */
  constructor(verb: string, words: ParameterTree, options: ParameterTree) {
    this.#verb = verb;
    this.#words = Object.entries(words);
    this.#schema = defineSchema(options, { program: verb });
  }

  /** The words, in the form of a command. */
  get words(): readonly CommandWord[] {
    return this.#words.map(([name, option]) => ({ name, option }));
  }

  /** The options, plus `--json`. */
  get options(): readonly PlacedOption[] {
    return [...this.#schema.options, ...JSON_SWITCH];
  }

  /**
   * The usage for people, without the verb, such as `NAME [--allow CIDR[:PORTS]]…`. Empty if the
   * verb takes nothing.
   */
  get usage(): string {
    const flags = this.#schema.options.flatMap((placed) => {
      const { flag, option } = placed;
      const value = isSwitch(placed) ? '' : ` ${valueNameOf(option.format)}`;
      return flag === undefined ? [] : [`[--${flag}${value}]${option.definition.array === true ? '…' : ''}`];
    });
    return [...this.words.map(wordUsage), ...flags].join(' ');
  }

  /** The values that a word of the verb can have, if its format lists them. */
  get choices(): readonly string[] {
    const completion = this.#words[0]?.[1].format.completion;
    return typeof completion === 'object' ? completion : [];
  }

  /** Returns the values from the flags of a command. The flags include the words. */
  read(flags: Flags): Readonly<Record<string, unknown>> {
    const words = this.#words.map(([name, option]) => [name, this.#wordOf(name, option, flags[name])] as const);
    return { ...Object.fromEntries(words), ...loadConfiguration(this.#schema, { flags }).values };
  }

  /** Turns the words typed after the verb at a prompt into a command's flags. */
  flagsOfWords(typed: readonly string[]): Flags {
    const { _: words, ...flags } = yargs([...typed])
      .options(yargsOptions(this))
      .parserConfiguration(PLAIN_PARSING)
      .help(false)
      .version(false)
      .strictOptions()
      .exitProcess(false)
      .fail((message: string) => {
        throw this.#wrong(message);
      })
      .parseSync();
    const takesRest = this.#words.at(-1)?.[1].definition.array === true;
    if (words.length > this.#words.length && !takesRest)
      throw this.#wrong(`'${words.slice(this.#words.length).join(' ')}' is too much`);
    const given = this.#words.map(
      ([name, { definition }], at) => [name, definition.array === true ? words.slice(at) : words[at]] as const,
    );
    return { ...flags, ...Object.fromEntries(given) };
  }

  /**
   * Turns the parameters of an admin call, which are named by their keys (`maxPps`), into a
   * command's flags.
   */
  flagsOfCall(parameters: Readonly<Record<string, unknown>>): Flags {
    const flags = Object.entries(parameters).map(([key, value]) => {
      const given = value ?? undefined;
      if (this.#words.some(([name]) => name === key)) return [key, given] as const;
      const placed = this.#schema.options.find((option) => option.key === key);
      if (placed?.flag === undefined) throw this.#wrong(`it has no parameter '${key}'`);
      return [placed.flag, given] as const;
    });
    return Object.fromEntries(flags);
  }

  /** Turns a command's flags into the parameters of an admin call. */
  callOf(flags: Flags): Record<string, unknown> {
    const words = this.#words.map(([name]) => [name, flags[name]] as const);
    const options = this.#schema.options.map(({ key, flag = key }) => [key, flags[flag]] as const);
    return Object.fromEntries([...words, ...options].filter(([, value]) => value !== undefined));
  }

  #wordOf(name: string, option: Option<unknown>, given: unknown): unknown {
    const isArray = option.definition.array === true;
    if (given === undefined || (isArray && Array.isArray(given) && given.length === 0)) {
      if (option.definition.required !== true) return undefined;
      throw this.#wrong(`${name.toUpperCase()} is missing`);
    }
    return readWord(name, option, given);
  }

  #wrong(what: string): ProgramFailure {
    const usage = this.usage === '' ? this.#verb : `${this.#verb} ${this.usage}`;
    return new ProgramFailure(EXIT.usage, `${this.#verb}: ${what} (usage: ${usage})`);
  }
}
