import type { JsonSchema } from './format/format.js';
import { Option } from './schema.js';
import type { OptionTree, Schema } from './schema.js';

/**
 * The JSON Schema (draft 2020-12) of a configuration file. Every file that `loadConfiguration`
 * accepts is valid by it; it does not hold the rules that a schema cannot express (an address is
 * canonical, a range ends after it begins). Nothing is required: a value that a file lacks may come
 * from the environment or a flag.
 */
export function jsonSchema(schema: Schema<unknown>): JsonSchema {
  const inFile = new Set(schema.options.filter((placed) => placed.inFile).map((placed) => placed.option));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Configuration of ${schema.program}`,
    ...treeSchema(schema.tree, inFile),
  };
}

/** The JSON Schema of one option as it stands in a file. */
export function optionJsonSchema({ definition, format, default: fallback }: Option<unknown>): JsonSchema {
  const one = format.jsonSchema ?? { type: 'string' };
  return {
    // The bounds of a quantity with a unit can be stated in words only.
    description: format.bounds === undefined ? definition.doc : `${definition.doc} (${format.expected})`,
    ...(definition.array === true ? { type: 'array', items: one } : one),
    ...(definition.secret === true && { writeOnly: true }),
    ...(fallback !== undefined &&
      definition.secret !== true &&
      definition.defaultDoc === undefined && { default: fallback }),
  };
}

function treeSchema(tree: OptionTree, inFile: ReadonlySet<Option<unknown>>): JsonSchema {
  const properties: [string, JsonSchema][] = [];
  for (const [key, node] of Object.entries(tree)) {
    if (!(node instanceof Option)) properties.push([key, treeSchema(node, inFile)]);
    else if (inFile.has(node)) properties.push([key, optionJsonSchema(node)]);
  }
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}
