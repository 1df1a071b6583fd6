/**
 * The parameters of a verb, read at each door: from flags, from typed words, and from the object of
 * an admin call.
 */
import {
  defineSchema,
  loadConfiguration,
  Refusal,
  yargsOptions,
  type Option,
  type Schema,
  type ValuesOf,
  type YargsOption,
} from '@relay/config';
import yargs, { type Argv } from 'yargs';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';

/** Parameters by name. Each one has a format. */
export type ParameterTree = Readonly<Record<string, Option<unknown>>>;

/** The values of words and options. */
export type ParametersOf<Words, Options> = ValuesOf<Words> & ValuesOf<Options>;

/** The switch `--json`. Every door has it except the admin socket. */
const JSON_FLAG: YargsOption = { type: 'boolean', nargs: 0, describe: 'Print JSON' };

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

  /** The pattern for yargs, such as `invite <name>`. */
  get pattern(): string {
    const words = this.#words.map(([name, { definition }]) =>
      definition.required === true ? `<${name}>` : `[${name}]`,
    );
    return [this.#verb, ...words].join(' ');
  }

  /**
   * The usage for people, without the verb, such as `NAME [--allow CIDR[:PORTS]]…`. Empty if the
   * verb takes nothing.
   */
  get usage(): string {
    const words = this.#words.map(([name, { definition }]) =>
      definition.required === true ? name.toUpperCase() : `[${name.toUpperCase()}]`,
    );
    const flags = this.#schema.options.flatMap(({ flag, option }) => {
      const value = option.format.name === 'boolean' ? '' : ` ${option.format.name}`;
      return flag === undefined ? [] : `[--${flag}${value}]${option.definition.array === true ? '…' : ''}`;
    });
    return [...words, ...flags].join(' ');
  }

  /** The flags of the options, plus `--json`. */
  get flags(): Record<string, YargsOption> {
    return { ...yargsOptions(this.#schema), json: JSON_FLAG };
  }

  /** The values that a word of the verb can have, if its format lists them. */
  get choices(): readonly string[] {
    const completion = this.#words[0]?.[1].format.completion;
    return typeof completion === 'object' ? completion : [];
  }

  /** Declares the words and flags to yargs. */
  build(cli: Argv): Argv {
    for (const [name, { definition }] of this.#words)
      cli.positional(name, { type: 'string', demandOption: definition.required === true, describe: definition.doc });
    return cli.options(this.flags);
  }

  /** Returns the values from the flags of a command. The flags include the words. */
  read(flags: Flags): Readonly<Record<string, unknown>> {
    const words = this.#words.map(([name, option]) => [name, this.#wordOf(name, option, flags[name])] as const);
    return { ...Object.fromEntries(words), ...loadConfiguration(this.#schema, { flags }).values };
  }

  /** Turns the words typed after the verb at a prompt into a command's flags. */
  flagsOfWords(typed: readonly string[]): Flags {
    const { _: words, ...flags } = yargs([...typed])
      .options(this.flags)
      .parserConfiguration({
        'parse-numbers': false,
        'parse-positional-numbers': false,
        'dot-notation': false,
        'camel-case-expansion': false,
      })
      .help(false)
      .version(false)
      .strictOptions()
      .exitProcess(false)
      .fail((message: string) => {
        throw this.#wrong(message);
      })
      .parseSync();
    if (words.length > this.#words.length)
      throw this.#wrong(`'${words.slice(this.#words.length).join(' ')}' is too much`);
    return { ...flags, ...Object.fromEntries(this.#words.map(([name], at) => [name, words[at]])) };
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
    if (given === undefined) {
      if (option.definition.required !== true) return undefined;
      throw this.#wrong(`${name.toUpperCase()} is missing`);
    }
    const value = option.parse(typeof given === 'number' ? String(given) : given, 'text');
    if (!(value instanceof Refusal)) return value;
    const [flaw] = value.flaws;
    const suggestion = flaw?.suggestion === undefined ? '' : `; did you mean ${flaw.suggestion}?`;
    throw new ProgramFailure(
      EXIT.usage,
      `${name.toUpperCase()}: expected ${flaw?.expected ?? option.format.expected}, not ${JSON.stringify(given)}${suggestion}`,
    );
  }

  #wrong(what: string): ProgramFailure {
    const usage = this.usage === '' ? this.#verb : `${this.#verb} ${this.usage}`;
    return new ProgramFailure(EXIT.usage, `${this.#verb}: ${what} (usage: ${usage})`);
  }
}
