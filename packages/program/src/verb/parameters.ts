/** What a verb takes, read from each door: flags, typed words, and the object of an admin call. */
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

/** Parameters by name, each with its format. */
export type ParameterTree = Readonly<Record<string, Option<unknown>>>;

/** The values of words and options. */
export type ParametersOf<Words, Options> = ValuesOf<Words> & ValuesOf<Options>;

/** A switch that every door but the admin socket has. */
const JSON_FLAG: YargsOption = { type: 'boolean', describe: 'Print JSON' };

/**
 * The parameters of one verb. Every value is checked at every door, by the format of its option.
 * What is wrong is a ProgramFailure, or a ConfigurationError with all that is wrong of the options.
 */
export class Parameters {
  readonly #verb: string;
  readonly #words: readonly (readonly [string, Option<unknown>])[];
  readonly #schema: Schema<Readonly<Record<string, unknown>>>;

  /** `words` stand after the verb, in their order; `options` have flags. */
  constructor(verb: string, words: ParameterTree, options: ParameterTree) {
    this.#verb = verb;
    this.#words = Object.entries(words);
    this.#schema = defineSchema(options, { program: verb });
  }

  /** As yargs wants it: `invite <name>`. */
  get pattern(): string {
    const words = this.#words.map(([name, { definition }]) =>
      definition.required === true ? `<${name}>` : `[${name}]`,
    );
    return [this.#verb, ...words].join(' ');
  }

  /** For people, without the verb: `NAME [--allow CIDR[:PORTS]]…`; empty where it takes nothing. */
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

  /** The flags of the options, and `--json`. */
  get flags(): Record<string, YargsOption> {
    return { ...yargsOptions(this.#schema), json: JSON_FLAG };
  }

  /** What a word of the verb can be, where its format lists that. */
  get choices(): readonly string[] {
    const completion = this.#words[0]?.[1].format.completion;
    return typeof completion === 'object' ? completion : [];
  }

  /** Tells yargs of words and flags. */
  build(cli: Argv): Argv {
    for (const [name, { definition }] of this.#words)
      cli.positional(name, { type: 'string', demandOption: definition.required === true, describe: definition.doc });
    return cli.options(this.flags);
  }

  /** The values, from the flags of a command, among which its words are. */
  read(flags: Flags): Readonly<Record<string, unknown>> {
    const words = this.#words.map(([name, option]) => [name, this.#wordOf(name, option, flags[name])] as const);
    return { ...Object.fromEntries(words), ...loadConfiguration(this.#schema, { flags }).values };
  }

  /** What was typed after the verb at a prompt, as a command's flags. */
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

  /** The parameters of an admin call, which go by their keys (`maxPps`), as a command's flags. */
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

  /** A command's flags as the parameters of an admin call. */
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
