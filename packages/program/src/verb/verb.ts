/**
 * A verb is one thing that a program can be asked or told. It is written once and gives a command,
 * a word of the prompt and a call over the admin socket. All three have the same answer.
 */
import type { Option, PlacedOption } from '@relay/config';
import type { PromptCommand } from '@relay/terminal';
import { askAdmin } from '../admin/admin-client.js';
import type { AdminCalls } from '../admin/admin-server.js';
import { switches, type Command, type CommandWord, type Example } from '../command/command.js';
import { printResult } from '../commands/print.js';
import { watch } from '../commands/watch.js';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { Parameters, type ParametersOf, type ParameterTree } from './parameters.js';
import { jsonLine } from '../json-line.js';

/** The tree of a verb that takes nothing. The type has no keys, so no key can be read. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type
type Nothing = Record<never, Option<unknown>>;

/** Turns an answer into lines for people. */
export type Lines<Answer> = (answer: Answer) => readonly string[];

/** The place where a running program is found. */
export interface AdminPlace {
  /** The path of the program's admin socket, or `off` if it has none. */
  readonly admin: string;
}

/** How a command finds the running program. */
export interface CommandDoor<Place extends AdminPlace> {
  /** The flags by which users name the place. */
  readonly options: readonly PlacedOption[];
  /** Returns the place. Throws a ConfigurationError or a ProgramFailure if the flags are wrong. */
  readonly find: (flags: Flags) => Place;
}

/** How the command of a verb works when no program may be running. */
export interface AloneWork<Place, Given, Answer> {
  /** Flags that only the command has. A running program knows these values itself. */
  readonly options?: readonly PlacedOption[];
  /** Returns the values of the first word for completion, whether a program runs or not. */
  readonly complete?: (place: Place) => readonly string[];
  /**
   * Does the work and calls `print` once with the answer. `print` resolves with whether that could
   * be written.
   */
  readonly run: (place: Place, given: Given, print: (answer: Answer) => Promise<boolean>) => unknown;
}

/** The definition of a verb. `Running` is the type of the running program. */
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
  /** Command lines without the name of the verb, and what each does. */
  readonly examples?: readonly Example[];
  /** The words after the name, in this order. The required ones come first. */
  readonly words?: Words;
  /** The options that flags give. */
  readonly options?: Options;
  /** Returns the values of the first word for completion. By default, its format lists them. */
  readonly complete?: (running: Running) => readonly string[];
  /**
   * Answers in the running program. The returned value must fit JSON. The door reports an error
   * that it throws.
   */
  readonly answer: (running: Running, given: ParametersOf<Words, Options>) => Answer | Promise<Answer>;
  /** Turns the answer into lines for people. */
  readonly lines: Lines<Answer>;
  /**
   * Makes lines that also show the change between two answers, such as rates. A verb that has this
   * can be watched: its command takes `--watch`.
   */
  readonly newLines?: () => Lines<Answer>;
  /** How the command works without a running program. */
  readonly alone?: AloneWork<Place, ParametersOf<Words, Options>, Answer>;
}

/** One verb, at each of its doors. */
export interface Verb<in Running, in Place extends AdminPlace> {
  readonly name: string;
  /** Makes the call over the admin socket of the running program. */
  call(running: Running): AdminCalls[string];
  /** Makes the word of the running program's prompt. */
  word(running: Running): PromptCommand;
  /** Returns the values that the running program has for the first word. */
  candidates(running: Running): readonly string[];
  /** Makes the command. */
  command(door: CommandDoor<Place>): Command;
}

/** Defines a verb. */
export function verb<
  Running,
  Place extends AdminPlace,
  Answer,
  Words extends ParameterTree = Nothing,
  Options extends ParameterTree = Nothing,
>(definition: VerbDefinition<Running, Place, Words, Options, Answer>): Verb<Running, Place> {
  return new DefinedVerb(definition);
}

/** The call by which shells complete the first word of a verb. */
const CANDIDATES = 'candidates';
const CANDIDATES_TIMEOUT_MS = 800;

/** Returns the calls of a running program, by the names of its verbs. */
export function adminCalls<Running>(
  verbs: readonly Pick<Verb<Running, never>, 'name' | 'call' | 'candidates'>[],
  running: Running,
): AdminCalls {
  const calls = Object.fromEntries(verbs.map((each) => [each.name, each.call(running)]));
  const candidates: AdminCalls[string] = ({ verb: name }) =>
    verbs.find((each) => each.name === name)?.candidates(running) ?? [];
  return { [CANDIDATES]: candidates, ...calls };
}

/** Returns the words of a running program's prompt. */
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
    const { describe } = this.#definition;
    const { usage } = this.#parameters;
    return {
      summary: usage === '' ? lowerFirst(describe) : `${usage}: ${lowerFirst(describe)}`,
      run: async (typed) => {
        const flags = this.#parameters.flagsOfWords(typed);
        const answer = await this.#answer(running, flags);
        return flags['json'] === true ? jsonLine(answer) : lines(answer).join('\n');
      },
      complete: (typed) => {
        if (typed.at(-1)?.startsWith('-') === true) return this.#parameters.options.map(({ flag = '' }) => `--${flag}`);
        return typed.length > 1 ? [] : this.candidates(running);
      },
    };
  }

  candidates(running: Running): string[] {
    return [...(this.#definition.complete?.(running) ?? this.#parameters.choices)];
  }

  command(door: CommandDoor<Place>): Command {
    const { alone, newLines, describe, examples = [], complete } = this.#definition;
    const [first, ...others] = this.#parameters.words;
    const isAsked = complete !== undefined || alone?.complete !== undefined;
    const asked: CommandWord[] = first === undefined ? [] : [{ ...first, ...(isAsked && this.#asked(door)) }];
    return {
      name: this.name,
      describe,
      examples,
      words: [...asked, ...others],
      options: [
        ...this.#parameters.options,
        ...(newLines === undefined
          ? []
          : switches({
              watch:
                'Show it live until q or Ctrl-C; through a pipe, print it every ten seconds, or each second with --json',
            })),
        ...(alone?.options ?? []),
        ...door.options,
      ],
      run: (flags) => this.#command(door, flags),
    };
  }

  /** How a shell learns the values of the first word. */
  #asked(door: CommandDoor<Place>): Pick<CommandWord, 'candidates'> {
    return {
      candidates: async (flags) => {
        const place = door.find(flags);
        const complete = this.#definition.alone?.complete;
        if (complete !== undefined) return complete(place);
        const answer = await askAdmin(place.admin, CANDIDATES, { verb: this.name }, CANDIDATES_TIMEOUT_MS);
        return Array.isArray(answer) ? answer.filter((each) => typeof each === 'string') : [];
      },
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
    if (flags['watch'] === true)
      await watch(() => this.#ask(place, flags), { lines: this.#newLines(), json: flags['json'] === true });
    else void printResult(flags, await this.#ask(place, flags), lines);
  }

  async #ask({ admin }: AdminPlace, flags: Flags): Promise<Answer> {
    if (admin === 'off')
      throw new ProgramFailure(EXIT.usage, 'the admin socket is off: this command needs it (--admin PATH)');
    // Program and command come from one package, so the answer has the type that the program gives
    // it.
    return (await askAdmin(admin, this.name, this.#parameters.callOf(flags))) as Answer;
  }

  #answer(running: Running, flags: Flags): Answer | Promise<Answer> {
    return this.#definition.answer(running, this.#read(flags));
  }

  /** The words and options have the types of the two trees. */
  #read(flags: Flags): ParametersOf<Words, Options> {
    return this.#parameters.read(flags) as ParametersOf<Words, Options>;
  }

  #newLines(): Lines<Answer> {
    return this.#definition.newLines?.() ?? this.#definition.lines;
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
