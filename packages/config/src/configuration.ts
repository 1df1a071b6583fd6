import { checkLayer } from './check.js';
import { readEnvironment } from './layer/environment.js';
import type { Environment } from './layer/environment.js';
import { readFile } from './layer/file.js';
import { readFlags } from './layer/flags.js';
import type { Layer, Origin, Setting } from './layer/setting.js';
import { merge } from './merge.js';
import { ConfigurationError, missing } from './problem.js';
import type { Problem } from './problem.js';
import type { PlacedOption, Schema } from './schema.js';
import { HIDDEN, shown } from './shown.js';
import { written } from './data-form.js';

/** The sources of values. Later ones win: file, environment, flags. */
export interface Inputs {
  /** The object that yargs makes. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Usually `process.env`. Default: none. */
  readonly environment?: Environment;
  /** A path that ends in `.toml`, `.yaml`, `.yml` or `.json`. Default: none. */
  readonly file?: string | undefined;
  /**
   * The key of the option that names the file (`config`), for where `file` is not given. Default:
   * none.
   */
  readonly fileOption?: string;
  /**
   * Variables with the schema's prefix that belong to other programs, however much they look like
   * misspelt ones.
   */
  readonly foreignEnvironment?: readonly string[];
}

/** A whole, valid configuration. */
export interface Configuration<V> {
  /** Frozen, as deep as plain objects and arrays go. */
  readonly values: V;
  /** The file that was read. */
  readonly file: string | undefined;
  /**
   * Where each option has its value from, by key, in the order of the schema; options without a
   * value are left out.
   */
  readonly sources: ReadonlyMap<string, SettingSource>;
}

/** Where one option has its value from. */
export interface SettingSource {
  /** Which kind of source it is. */
  readonly origin: Origin;
  /** `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  readonly source: string;
  /** The value as it was given, as JSON on one line; `(hidden)` if it is a secret. */
  readonly shown: string;
  /** The value as a file would have it; undefined if it is a secret. */
  readonly written: unknown;
}

/**
 * Reads and checks everything, and gives values only if all of it is right.
 * @throws {ConfigurationError} with all problems, also those of values that a later source
 * overrides.
 */
export function loadConfiguration<V>(schema: Schema<V>, inputs: Inputs = {}): Configuration<V> {
  const environment = readEnvironment(schema, inputs.environment ?? {}, inputs.foreignEnvironment ?? []);
  const flags = readFlags(schema, inputs.flags ?? {});
  const file = inputs.file ?? fileGiven([flags, environment], inputs.fileOption);
  const fromFile = file === undefined ? [] : [readFile(schema, file)];
  const layers = [defaults(schema), ...fromFile, environment, flags];

  const values = new Map<Setting, unknown>();
  const problems = layers.flatMap((layer) => checkLayer(layer, values));
  const winners = merge(schema, layers);
  problems.push(...missingOptions(schema, winners, problems));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    values: nested(schema, winners, values) as V,
    file,
    sources: new Map([...winners].map(([key, setting]) => [key, sourceOf(setting)])),
  };
}

/**
 * The problems of a file by itself. A missing option is no problem here: the environment and flags
 * may give it.
 */
export function checkFile(schema: Schema<unknown>, file: string): readonly Problem[] {
  return checkLayer(readFile(schema, file), new Map());
}

/** The first file that is named and could be one. */
function fileGiven(layers: readonly Layer[], fileOption: string | undefined): string | undefined {
  for (const { placed, raw, form } of layers.flatMap((layer) => layer.settings)) {
    const file = placed.key === fileOption ? placed.option.parse(raw, form) : undefined;
    if (typeof file === 'string') return file;
  }
  return undefined;
}

function defaults(schema: Schema<unknown>): Layer {
  const source = { text: 'default' };
  const settings = schema.options.flatMap((placed): Setting[] => {
    const raw = placed.option.default;
    return raw === undefined ? [] : [{ placed, raw, form: 'data', origin: 'default', sourceOf: () => source }];
  });
  return { settings, problems: [] };
}

/** An option that was given, but wrongly, is not missing. */
function missingOptions(
  schema: Schema<unknown>,
  winners: ReadonlyMap<string, Setting>,
  problems: readonly Problem[],
): Problem[] {
  const told = new Set(problems.map((problem) => problem.key));
  return schema.options
    .filter(({ key, option }) => option.definition.required === true && !winners.has(key) && !told.has(key))
    .map((placed) => missing(placed.key, spellings(placed)));
}

function spellings({ flag, environment, inFile, key }: PlacedOption): string[] {
  return [
    ...(flag === undefined ? [] : [`--${flag}`]),
    ...(environment === undefined ? [] : [environment]),
    ...(inFile ? [`${key} in the file`] : []),
  ];
}

function sourceOf(setting: Setting): SettingSource {
  const { origin, raw, form, placed } = setting;
  const { option } = placed;
  const source = setting.sourceOf().text;
  if (option.isSecret) return { origin, source, shown: HIDDEN, written: undefined };
  return { origin, source, shown: shown(raw), written: written(option, raw, form) };
}

function nested(
  schema: Schema<unknown>,
  winners: ReadonlyMap<string, Setting>,
  values: ReadonlyMap<Setting, unknown>,
): unknown {
  const whole: Record<string, unknown> = {};
  for (const { key, path } of schema.options) {
    // Keys were checked when the schema was defined: none of them means anything to an object.
    let table = whole;
    for (const name of path.slice(0, -1)) table = (table[name] ??= {}) as Record<string, unknown>;
    const winner = winners.get(key);
    table[path.at(-1) ?? ''] = winner && values.get(winner);
  }
  return frozen(whole);
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
