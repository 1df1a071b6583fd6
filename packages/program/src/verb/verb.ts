/**
 * What a program can be asked or told: written once, and from that a command, a word of the prompt
 * and a call over the admin socket, with one answer.
 */
import type { Option, YargsOption } from '@relay/config';
import type { PromptCommand } from '@relay/terminal';
import type { CommandModule } from 'yargs';
import { askAdmin } from '../admin/admin-client.js';
import type { AdminCalls } from '../admin/admin-server.js';
import { printResult } from '../commands/print.js';
import { watch } from '../commands/watch.js';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { Parameters, type ParametersOf, type ParameterTree } from './parameters.js';

/** The tree of a verb that takes nothing: its type has no keys, so that none can be read. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type
type Nothing = Record<never, Option<unknown>>;

/** Makes lines for people of an answer. */
export type Lines<Answer> = (answer: Answer) => readonly string[];

/** Where a program is found. */
export interface AdminPlace {
  /** The path of its admin socket; `off` if it has none. */
  readonly admin: string;
}

/** How a command finds the program that it is about. */
export interface CommandDoor<Place extends AdminPlace> {
  /** The flags by which users say where it is. */
  readonly options: Readonly<Record<string, YargsOption>>;
  /** Throws a ConfigurationError or a ProgramFailure where the flags are wrong. */
  readonly find: (flags: Flags) => Place;
}

/** How the command of a verb does its work where no program may be running. */
export interface AloneWork<Place, Given, Answer> {
  /** Flags that only the command has: what a running program knows by itself. */
  readonly options?: Readonly<Record<string, YargsOption>>;
  /** Prints the answer at the right time, by calling `print` once. */
  readonly run: (place: Place, given: Given, print: (answer: Answer) => void) => void | Promise<void>;
}

/** A verb as it is written down; `Running` is the program that runs, as its own code sees it. */
export interface VerbDefinition<
  Running,
  Place extends AdminPlace,
  Words extends ParameterTree,
  Options extends ParameterTree,
  Answer,
> {
  /** One lowercase word. */
  readonly name: string;
  /** One sentence for the help of commands and of the prompt. */
  readonly describe: string;
  /** What stands after the name, in this order; the required ones first. */
  readonly words?: Words;
  /** What is given by flags. */
  readonly options?: Options;
  /** What the first word can be, for completion; by default what its format lists. */
  readonly complete?: (running: Running) => readonly string[];
  /**
   * Does it in the running program. What it returns must fit JSON; what it throws is told at the
   * door.
   */
  readonly answer: (running: Running, given: ParametersOf<Words, Options>) => Answer | Promise<Answer>;
  /** The answer for people. */
  readonly lines: Lines<Answer>;
  /**
   * Makes lines that also tell what changed between two answers, such as rates. A verb that has
   * this can be watched: its command takes `--watch`.
   */
  readonly newLines?: () => Lines<Answer>;
  /** Where the command needs no running program. */
  readonly alone?: AloneWork<Place, ParametersOf<Words, Options>, Answer>;
}

/** One thing that a program can be asked or told, at each of its doors. */
export interface Verb<in Running, in Place extends AdminPlace> {
  readonly name: string;
  /** As a call over the admin socket of the running program. */
  call(running: Running): AdminCalls[string];
  /** As a word of the running program's prompt. */
  word(running: Running): PromptCommand;
  /** As a command. */
  command(door: CommandDoor<Place>): CommandModule<object, Flags>;
}

/** Writes down a verb. */
export function verb<
  Running,
  Place extends AdminPlace,
  Answer,
  Words extends ParameterTree = Nothing,
  Options extends ParameterTree = Nothing,
>(definition: VerbDefinition<Running, Place, Words, Options, Answer>): Verb<Running, Place> {
  return new DefinedVerb(definition);
}

/** The calls of a running program, by the names of its verbs. */
export function adminCalls<Running>(
  verbs: readonly Pick<Verb<Running, never>, 'name' | 'call'>[],
  running: Running,
): AdminCalls {
  return Object.fromEntries(verbs.map((each) => [each.name, each.call(running)]));
}

/** The words of a running program's prompt. */
export function promptWords<Running>(
  verbs: readonly Pick<Verb<Running, never>, 'name' | 'word'>[],
  running: Running,
): Record<string, PromptCommand> {
  return Object.fromEntries(verbs.map((each) => [each.name, each.word(running)]));
}

class DefinedVerb<
  Running,
  Place extends AdminPlace,
  Words extends ParameterTree,
  Options extends ParameterTree,
  Answer,
> implements Verb<Running, Place> {
  readonly name: string;
  readonly #definition: VerbDefinition<Running, Place, Words, Options, Answer>;
  readonly #parameters: Parameters;

  constructor(definition: VerbDefinition<Running, Place, Words, Options, Answer>) {
    this.name = definition.name;
    this.#definition = definition;
    this.#parameters = new Parameters(definition.name, definition.words ?? {}, definition.options ?? {});
  }

  call(running: Running): AdminCalls[string] {
    return (parameters) => this.#answer(running, this.#parameters.flagsOfCall(parameters));
  }

  word(running: Running): PromptCommand {
    const lines = this.#newLines();
    const { complete, describe } = this.#definition;
    const { usage } = this.#parameters;
    return {
      summary: usage === '' ? lowerFirst(describe) : `${usage}: ${lowerFirst(describe)}`,
      run: async (typed) => {
        const flags = this.#parameters.flagsOfWords(typed);
        const answer = await this.#answer(running, flags);
        return flags['json'] === true ? JSON.stringify(answer) : lines(answer).join('\n');
      },
      complete: (typed) => {
        if (typed.at(-1)?.startsWith('-') === true)
          return Object.keys(this.#parameters.flags).map((flag) => `--${flag}`);
        return typed.length > 1 ? [] : [...(complete?.(running) ?? this.#parameters.choices)];
      },
    };
  }

  command(door: CommandDoor<Place>): CommandModule<object, Flags> {
    const { alone, newLines, describe } = this.#definition;
    return {
      command: this.#parameters.pattern,
      describe,
      builder: (cli) => {
        const built = this.#parameters.build(cli).options({ ...door.options, ...alone?.options });
        return newLines === undefined
          ? built
          : built.option('watch', { type: 'boolean', describe: 'Show it live until q or Ctrl-C' });
      },
      handler: (flags) => this.#command(door, flags),
    };
  }

  async #command(door: CommandDoor<Place>, flags: Flags): Promise<void> {
    const { alone, lines } = this.#definition;
    const place = door.find(flags);
    const given = this.#read(flags);
    if (alone !== undefined) {
      await alone.run(place, given, (answer) => printResult(flags, answer, lines));
      return;
    }
    if (flags['watch'] === true) await watch(() => this.#ask(place, flags), this.#newLines());
    else printResult(flags, await this.#ask(place, flags), lines);
  }

  async #ask({ admin }: AdminPlace, flags: Flags): Promise<Answer> {
    if (admin === 'off')
      throw new ProgramFailure(EXIT.usage, 'the admin socket is off: this command needs it (--admin PATH)');
    // Program and command come from one package, so the answer has the shape that the program
    // gives it.
    return (await askAdmin(admin, this.name, this.#parameters.callOf(flags))) as Answer;
  }

  #answer(running: Running, flags: Flags): Answer | Promise<Answer> {
    return this.#definition.answer(running, this.#read(flags));
  }

  /** Its words and options have the types of the two trees, one by one. */
  #read(flags: Flags): ParametersOf<Words, Options> {
    return this.#parameters.read(flags) as ParametersOf<Words, Options>;
  }

  #newLines(): Lines<Answer> {
    return this.#definition.newLines?.() ?? this.#definition.lines;
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
