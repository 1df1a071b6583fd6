import type { Schema } from '../schema.js';
import { bashCompletion } from './bash.js';
import type { CompletedFlag, CompletedProgram } from './completed-program.js';
import { fishCompletion } from './fish.js';
import { zshCompletion } from './zsh.js';

/** The shells that a completion can be written for. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** The words that a script completes, apart from the options of a schema. */
export interface CompletionOptions {
  /** Commands with one sentence about each. */
  readonly commands?: Readonly<Record<string, string>>;
}

/**
 * A script that completes flags, their values and commands. It is static: it does not run the
 * program.
 * @throws {TypeError} if the program or a command is not a plain word (letters, digits, `.`, `_`,
 * `-`).
 */
export function completionScript(schema: Schema<unknown>, shell: Shell, options: CompletionOptions = {}): string {
  const commands = Object.entries(options.commands ?? {});
  for (const word of [schema.program, ...commands.map(([name]) => name)]) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(word)) throw new TypeError(`${JSON.stringify(word)} is no plain word`);
  }
  const program: CompletedProgram = { name: schema.program, flags: flagsOf(schema), commands };
  switch (shell) {
    case 'bash':
      return bashCompletion(program);
    case 'zsh':
      return zshCompletion(program);
    case 'fish':
      return fishCompletion(program);
  }
}

function flagsOf(schema: Schema<unknown>): CompletedFlag[] {
  return schema.options.flatMap(({ flag, option: { definition, format } }) => {
    if (flag === undefined) return [];
    const doc = definition.doc.split('\n')[0] ?? '';
    const isRepeatable = definition.array === true;
    if (format.name !== 'boolean') {
      const values =
        typeof format.completion === 'object' ? format.completion.filter(isPlain) : (format.completion ?? []);
      return [{ name: flag, alias: definition.alias, doc, values, isRepeatable }];
    }
    const positive: CompletedFlag = { name: flag, alias: definition.alias, doc, values: undefined, isRepeatable };
    return [positive, { ...positive, name: `no-${flag}`, alias: undefined, doc: `Not: ${doc}` }];
  });
}

/**
 * Shells expand words that they complete: only those are offered in which nothing can be expanded.
 */
function isPlain(word: string): boolean {
  return /^[A-Za-z0-9._,+/=-]+$/.test(word);
}
