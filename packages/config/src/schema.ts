import { parseEach } from './format/list.js';
import type { Form, Format } from './format/format.js';
import { resolveFormat } from './format/named.js';
import type { FormatLike, ValueOfFormat } from './format/named.js';
import { Refusal } from './refusal.js';

/** A value as a file can hold it. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/** The definition of one option. */
export interface OptionDefinition {
  /** A word (`'endpoint'`), the allowed words (`['auto', 'native']`) or a {@link Format}. */
  readonly format: FormatLike;
  /** One sentence for help, the reference page and completion. */
  readonly doc: string;
  /** As it would stand in a file. Checked when the schema is defined. */
  readonly default?: Data;
  /** How the reference page shows a default that depends on the machine: `~/.local/state/relay`. */
  readonly defaultDoc?: string;
  /** There is no default: a configuration without it is refused. */
  readonly required?: boolean;
  /**
   * May be given several times as a flag; an array in a file; separated by blanks in the
   * environment.
   */
  readonly array?: boolean;
  /** The value is shown nowhere. */
  readonly secret?: boolean;
  /** A change can be applied without a restart. Default false. */
  readonly live?: boolean;
  /** The flag without dashes, or `false` for none. Default: the key, `logLevel` as `log-level`. */
  readonly flag?: string | false;
  /** A short flag: one letter. */
  readonly alias?: string;
  /**
   * The whole name of the environment variable, or `false` for none. Default: prefix and key,
   * `logLevel` as `RELAY_LOG_LEVEL`.
   */
  readonly environment?: string | false;
  /** `false`: a file cannot give it. */
  readonly file?: boolean;
  /** A heading that options share in help and on the reference page. */
  readonly group?: string;
}

/** One option of a schema; made by {@link option}. `T` is the type of its value. */
export class Option<out T> {
  readonly definition: OptionDefinition;
  /** Of one value; of each element if `array` is set. */
  readonly format: Format<unknown>;

  /**
   * @throws {TypeError} if the definition contradicts itself: a default that the format refuses, or
   * a default of a required option.
   */
  constructor(definition: OptionDefinition) {
    this.definition = definition;
    this.format = resolveFormat(definition.format);
    if (this.default !== undefined) this.#checkDefault(this.default);
  }

  /** Whether its value must not be shown as a whole. */
  get isSecret(): boolean {
    return this.definition.secret === true || this.format.secret === true;
  }

  /** The default of the option, in the form of a file. */
  get default(): Data | undefined {
    const { default: given, array, required } = this.definition;
    return given ?? (array === true && required !== true ? [] : undefined);
  }

  /** The value, or a refusal. The text form of an array option is an array of texts. */
  parse(value: unknown, form: Form): T | Refusal {
    const isArray = this.definition.array === true;
    return (isArray ? parseEach(this.format, value, form) : this.format.parse(value, form)) as T | Refusal;
  }

  #checkDefault(value: Data): void {
    if (this.definition.required === true) throw new TypeError('A required option has no default');
    const result = this.parse(value, 'data');
    if (!(result instanceof Refusal)) return;
    throw new TypeError(`A default is not ${result.flaws.map((flaw) => flaw.expected).join('; ')}`);
  }
}

/** The type of an option's value, from its definition. */
export type ValueOf<D extends OptionDefinition> = D extends { readonly array: true }
  ? readonly ValueOfFormat<D['format']>[]
  : D extends { readonly default: Data } | { readonly required: true }
    ? ValueOfFormat<D['format']>
    : ValueOfFormat<D['format']> | undefined;

/** Options and groups of options by key. */
export interface OptionTree {
  readonly [key: string]: Option<unknown> | OptionTree;
}

/** The values that a tree of options gives. */
export type ValuesOf<Tree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends Option<infer T> ? T : ValuesOf<Tree[Key]>;
};

/**
 * The values that a tree of options gives, side by side under their whole keys: `limits.sessions`.
 */
export type FlatValuesOf<Tree, Prefix extends string = ''> = Flattened<
  {
    readonly [Key in keyof Tree & string]: Tree[Key] extends Option<infer T>
      ? { readonly [Name in `${Prefix}${Key}`]: T }
      : FlatValuesOf<Tree[Key], `${Prefix}${Key}.`>;
  }[keyof Tree & string]
>;

type Flattened<Union> = (Union extends unknown ? (part: Union) => void : never) extends (whole: infer Whole) => void
  ? Whole
  : never;

/** An option in its place in a schema, with its spellings. */
export interface PlacedOption {
  /** `logLevel`; within a group `limits.sessions`. The spelling of files. */
  readonly key: string;
  readonly path: readonly string[];
  /** `log-level`, without dashes. */
  readonly flag: string | undefined;
  /** `RELAY_LOG_LEVEL`. */
  readonly environment: string | undefined;
  /** The name that its variable would have, if it takes none. */
  readonly unusedEnvironment: string | undefined;
  readonly inFile: boolean;
  readonly option: Option<unknown>;
}

/** The name of a program, and the prefix of its environment variables. */
export interface SchemaNames {
  /** The program: title of the reference page and of the JSON Schema, name for shell completion. */
  readonly program: string;
  /** Default: the program's name: `my-tool` has `MY_TOOL_`. */
  readonly environmentPrefix?: string;
}

/**
 * All options of a program, written once. `V` is the type of its values, `F` the same by whole
 * keys.
 */
export interface Schema<out V, out F = unknown> {
  readonly program: string;
  readonly environmentPrefix: string;
  readonly tree: OptionTree;
  /** All of them, in the order of the tree. */
  readonly options: readonly PlacedOption[];
  /** Never set; carries the type of the values. */
  readonly valuesType?: V;
  /** Never set; carries the type of the values by whole keys. */
  readonly flatValuesType?: F;
}

/** The values of a schema: `type Settings = Values<typeof schema>`. */
export type Values<S> = S extends Schema<infer V> ? V : never;

/** The fields of `Given` that `Known` has not, as ones that cannot be given. */
type NoFieldsBeyond<Known, Given> = { readonly [Field in Exclude<keyof Given, keyof Known>]: never };

/**
 * Describes one option.
 * @throws {TypeError} if the definition contradicts itself: a default that the format refuses, or a
 * default of a required option.
 */
export function option<const D extends OptionDefinition>(
  definition: D & NoFieldsBeyond<OptionDefinition, D>,
): Option<ValueOf<D>> {
  return new Option<ValueOf<D>>(definition);
}

/**
 * Describes all options of a program.
 * @throws {TypeError} if the schema itself is wrong: a key that is no camelCase word, or two
 * options of one spelling.
 */
export function defineSchema<const T extends OptionTree>(
  tree: T,
  names: SchemaNames,
): Schema<ValuesOf<T>, FlatValuesOf<T>> {
  const environmentPrefix = names.environmentPrefix ?? `${upperSnake(names.program)}_`;
  const options = [...placedOptions(tree, [], environmentPrefix)];
  checkSpellings(options);
  return { program: names.program, environmentPrefix, tree, options };
}

function* placedOptions(tree: OptionTree, parents: readonly string[], prefix: string): Generator<PlacedOption> {
  for (const [name, node] of Object.entries(tree)) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(name) || name in Object.prototype) {
      throw new TypeError(`A key is a camelCase word: ${JSON.stringify(name)} is not`);
    }
    const path = [...parents, name];
    if (!(node instanceof Option)) {
      yield* placedOptions(node, path, prefix);
      continue;
    }
    const { flag, environment, file } = node.definition;
    yield {
      key: path.join('.'),
      path,
      flag: flag === false ? undefined : (flag ?? path.map(kebab).join('-')),
      environment: environment === false ? undefined : (environment ?? `${prefix}${path.map(upperSnake).join('_')}`),
      unusedEnvironment: environment === false ? `${prefix}${path.map(upperSnake).join('_')}` : undefined,
      inFile: file !== false,
      option: node,
    };
  }
}

function checkSpellings(options: readonly PlacedOption[]): void {
  const taken = new Map<string, string>();
  for (const { key, flag, environment, option } of options) {
    const { alias } = option.definition;
    if (alias !== undefined && !/^[A-Za-z]$/.test(alias)) throw new TypeError(`${key}: an alias is one letter`);
    for (const spelling of [flag && `--${flag}`, alias && `-${alias}`, environment]) {
      if (spelling === undefined || spelling === '') continue;
      const other = taken.get(spelling);
      if (other !== undefined) throw new TypeError(`${key} and ${other} are both spelt ${spelling}`);
      taken.set(spelling, key);
    }
  }
}

function kebab(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

function upperSnake(name: string): string {
  return kebab(name)
    .replaceAll(/[^a-z0-9]/g, '_')
    .toUpperCase();
}
