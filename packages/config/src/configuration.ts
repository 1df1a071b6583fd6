import convict from 'convict';
import { readEnvironment } from './layer/environment.js';
import type { Environment } from './layer/environment.js';
import { readFile } from './layer/file.js';
import { readFlags } from './layer/flags.js';
import type { Layer, Origin, Setting } from './layer/setting.js';
import { ConfigurationError, missing, unknownKey, wrongValue } from './problem.js';
import type { Problem } from './problem.js';
import { Refusal } from './refusal.js';
import type { Flaw } from './refusal.js';
import type { Schema, SchemaOption } from './schema.js';
import { HIDDEN, shown } from './shown.js';

/** Where values are looked for. Later ones win: file, environment, flags. */
export interface Inputs {
  /** The object that yargs makes. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Usually `process.env`. Default: none. */
  readonly environment?: Environment;
  /** A path that ends in `.toml`, `.yaml`, `.yml` or `.json`. Default: none. */
  readonly file?: string | undefined;
  /** The key of the option that names the file (`config`), for where `file` is not given. Default: none. */
  readonly fileOption?: string;
  /** Variables with the schema's prefix that belong to other programs, however much they look like misspelt ones. */
  readonly foreignEnvironment?: readonly string[];
}

/** A whole, valid configuration. */
export interface Configuration<V> {
  /** Frozen. */
  readonly values: V;
  /** The file that was read. */
  readonly file: string | undefined;
  /** Where each option has its value from, by key, in the order of the schema. */
  readonly sources: ReadonlyMap<string, SettingSource>;
}

/** Where one option has its value from. */
export interface SettingSource {
  readonly origin: Origin;
  /** `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  readonly source: string;
  /** The value as it was given, as JSON on one line; `(hidden)` if it is a secret. */
  readonly shown: string;
}

/**
 * Reads and checks everything, and gives values only if all of it is right.
 * @throws {ConfigurationError} with all problems, also those of values that a later source overrides.
 */
export function loadConfiguration<V>(schema: Schema<V>, inputs: Inputs = {}): Configuration<V> {
  const environment = readEnvironment(schema, inputs.environment ?? {}, inputs.foreignEnvironment ?? []);
  const flags = readFlags(schema, inputs.flags ?? {});
  const file = inputs.file ?? fileGiven([flags, environment], inputs.fileOption);
  const layers: readonly Layer[] = [
    { settings: defaults(schema), problems: [] },
    ...(file === undefined ? [] : [readFile(schema, file)]),
    environment,
    flags,
  ];
  const results = new Map<Setting, unknown>();
  const problems = layers.flatMap((layer) => check(layer, results));
  const winners = merge(
    schema,
    layers.flatMap((layer) => layer.settings),
  );
  for (const option of schema.options) {
    if (option.option.definition.required !== true || winners.has(option.key)) continue;
    const isTold = problems.some((problem) => problem.key === option.key);
    if (!isTold) problems.push(missing(option.key, spellings(option)));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    values: nested(schema, winners, results) as V,
    file,
    sources: new Map([...winners].map(([key, setting]) => [key, sourceOf(setting)])),
  };
}

/** All problems of a layer, those of a file from top to bottom; the values of what is right go to `results`. */
function check(layer: Layer, results: Map<Setting, unknown>): Problem[] {
  const problems = [...layer.problems];
  for (const setting of layer.settings) {
    const result = setting.option.option.parse(setting.raw, setting.form);
    if (result instanceof Refusal) problems.push(...result.flaws.map((flaw) => problemOf(setting, flaw)));
    else results.set(setting, result);
  }
  return problems.sort(({ position: a }, { position: b }) => (a && b ? a.line - b.line || a.column - b.column : 0));
}

/**
 * What is wrong with a file by itself: `config check FILE`. What it lacks is no problem here, since the environment and flags may give it.
 */
export function checkFile(schema: Schema<unknown>, file: string): readonly Problem[] {
  return check(readFile(schema, file), new Map());
}

/** The first file that is named and could be one. */
function fileGiven(layers: readonly Layer[], fileOption: string | undefined): string | undefined {
  for (const { option, raw, form } of layers.flatMap((layer) => layer.settings)) {
    const file = option.key === fileOption ? option.option.parse(raw, form) : undefined;
    if (typeof file === 'string') return file;
  }
  return undefined;
}

function defaults(schema: Schema<unknown>): Setting[] {
  return schema.options
    .filter(({ option }) => option.default !== undefined)
    .map((option) => ({
      option,
      raw: option.option.default,
      form: 'data',
      origin: 'default',
      sourceOf: () => ({ text: 'default' }),
    }));
}

/**
 * Lets convict lay the sources over each other: each later setting of an option takes the place of the earlier one.
 * What convict holds is the number of a setting, in an array: its own conversions of texts (`12abc` to 12, `no` to true)
 * and its walks into tables never see a value.
 */
function merge(schema: Schema<unknown>, settings: readonly Setting[]): Map<string, Setting> {
  // A dot in a key, or a group that has an option `default`, would mean something to convict.
  const nameOf = ({ path }: SchemaOption): string => path.join('/');
  const shape: Record<string, convict.SchemaObj<number[]>> = {};
  for (const option of schema.options) shape[nameOf(option)] = { default: [], format: Array };
  const merged = convict<Record<string, number[]>>(shape, { env: {}, args: [] });
  settings.forEach((setting, index) => merged.set(nameOf(setting.option), [index]));
  merged.validate({ allowed: 'strict' });
  const winners = new Map<string, Setting>();
  for (const option of schema.options) {
    const [index = -1] = merged.get(nameOf(option));
    const setting = settings[index];
    if (setting !== undefined) winners.set(option.key, setting);
  }
  return winners;
}

function problemOf(setting: Setting, flaw: Flaw): Problem {
  const { key: optionKey, option } = setting.option;
  const source = setting.sourceOf(flaw);
  const key = flaw.path.reduce<string>(
    (name, step) => (typeof step === 'number' ? `${name}[${step}]` : `${name}.${step}`),
    optionKey,
  );
  if (flaw.unknownKey === true) {
    return unknownKey({ key, source, expected: flaw.expected, suggestion: flaw.suggestion });
  }
  const isHidden = flaw.secret === true || (flaw.path.length === 0 && option.isSecret);
  // A format that quotes the value in what it expected must not give a secret away.
  if (option.definition.secret === true) {
    return wrongValue({ key, source, value: HIDDEN, expected: option.format.expected });
  }
  if (isHidden) return wrongValue({ key, source, value: HIDDEN, expected: flaw.expected });
  const value = shown(partOf(setting.raw, flaw.path));
  return wrongValue({ key, source, value, expected: flaw.expected, suggestion: flaw.suggestion });
}

function partOf(raw: unknown, path: Flaw['path']): unknown {
  return path.reduce<unknown>((part, step) => {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, step)) return part;
    return (part as Record<string | number, unknown>)[step];
  }, raw);
}

function sourceOf(setting: Setting): SettingSource {
  const { origin, raw, option } = setting;
  return { origin, source: setting.sourceOf().text, shown: option.option.isSecret ? HIDDEN : shown(raw) };
}

function spellings({ flag, environment, inFile, key }: SchemaOption): string[] {
  return [
    ...(flag === undefined ? [] : [`--${flag}`]),
    ...(environment === undefined ? [] : [environment]),
    ...(inFile ? [`${key} in the file`] : []),
  ];
}

function nested(
  schema: Schema<unknown>,
  winners: ReadonlyMap<string, Setting>,
  results: ReadonlyMap<Setting, unknown>,
): unknown {
  const values: Record<string, unknown> = {};
  for (const { key, path } of schema.options) {
    const winner = winners.get(key);
    if (winner !== undefined) place(values, path, results.get(winner));
    else place(values, path, undefined);
  }
  return freeze(values);
}

/** Keys were checked when the schema was defined: none of them means anything to an object. */
function place(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let table = tree;
  for (const name of path.slice(0, -1)) table = (table[name] ??= {}) as Record<string, unknown>;
  table[path.at(-1) ?? ''] = value;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
