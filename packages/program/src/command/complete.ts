/** What a Tab offers at some place of a command line. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Option, PlacedOption } from '@relay/config';
import type { Flags } from '../configured.js';
import { aliasOf, isSwitch, type Command, type CommandWord } from './command.js';
import { locate, optionsOf, typedFlag, type Located } from './locate.js';

/** A word that is offered, and one line about it. */
export type Offer = readonly [word: string, about: string];

/** Words to offer, or the kind of names in the file system that the shell offers itself. */
export type Offers = readonly Offer[] | 'file' | 'directory';

/** A Tab waits no longer for the names of a running program or a state folder, in ms. */
const CANDIDATES_MS = 1000;

/**
 * Returns what to offer for the last of the typed words, which may be empty. The name of the
 * program is not among them. It never rejects.
 */
export async function offers(program: Command, typed: readonly string[]): Promise<Offers> {
  const last = typed.at(-1) ?? '';
  const located = locate(program, typed.slice(0, -1));
  const all = await offersAt(located, last);
  return typeof all === 'string' ? all : all.filter(([word]) => word.startsWith(last) && isPlain(word));
}

async function offersAt(located: Located, last: string): Promise<Offers> {
  const { open, isWordsOnly } = located;
  if (open !== undefined) return valuesOf(open.option);
  if (isWordsOnly || !last.startsWith('-')) return wordOffers(located);
  if (!last.includes('=')) return flagOffers(located, last);
  const { placed } = typedFlag(last, optionsOf(located));
  const values = placed === undefined ? [] : valuesOf(placed.option);
  const before = last.slice(0, last.indexOf('=') + 1);
  return typeof values === 'string' ? values : values.map(([word, about]) => [`${before}${word}`, about]);
}

/** The flags that the command knows, without those that were given and take one value. */
function flagOffers(located: Located, last: string): Offer[] {
  const isFree = ({ flag = '', option }: PlacedOption): boolean =>
    option.definition.array === true || !(flag in located.flags);
  return optionsOf(located)
    .filter(isFree)
    .flatMap((placed): Offer[] => {
      const { flag = '', option } = placed;
      const about = firstLine(option.definition.doc);
      if (last.startsWith('--no-') && isSwitch(placed)) return [[`--no-${flag}`, `Not: ${about}`]];
      const alias = aliasOf(placed);
      return [[`--${flag}`, about], ...(last === '-' || alias === undefined ? [] : [[`-${alias}`, about] as const])];
    });
}

async function wordOffers({ command, words, flags }: Located): Promise<Offers> {
  const { commands = [], words: taken = [] } = command;
  if (words.length === 0 && commands.length > 0) return commands.map(({ name, describe }) => [name, describe]);
  const word = taken[words.length] ?? (taken.at(-1)?.option.definition.array === true ? taken.at(-1) : undefined);
  if (word === undefined) return [];
  const listed = valuesOf(word.option);
  if (typeof listed === 'string') return listed;
  const known = (await candidates(word, flags)).filter((each) => !words.includes(each));
  return [...listed, ...known.map((each) => [each, ''] as const)];
}

/** Asks for names that the format does not list, within a bound. What fails offers nothing. */
async function candidates({ candidates: ask }: CommandWord, flags: Flags): Promise<readonly string[]> {
  if (ask === undefined) return [];
  const ended = new AbortController();
  try {
    const late = delay(CANDIDATES_MS, [], { signal: ended.signal }).catch(() => []);
    return await Promise.race([ask(flags), late]);
  } catch {
    return [];
  } finally {
    ended.abort();
  }
}

function valuesOf({ format: { completion = [] } }: Option<unknown>): Offers {
  return typeof completion === 'string' ? completion : completion.map((value) => [value, '']);
}

/** Shells expand what they insert: only words are offered in which nothing can be expanded. */
const isPlain = (word: string): boolean => /^[\w.,+:@%/=[\]-]+$/.test(word);

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
