import {
  formatConfiguration,
  formatSources,
  jsonSchema,
  loadConfiguration,
  option,
  referenceMarkdown,
  writtenValues,
  type Configuration,
  type Schema,
} from '@relay/config';
import { switches, type Command } from '../command/command.js';
import { assertFileIsRight, configured, type Flags } from '../configured.js';
import { jsonLine } from '../json-line.js';

/** What a program knows of its configuration besides the schema. */
export interface ConfigKnowledge<V> {
  /**
   * Throws a ProgramFailure if values contradict each other. A file may lack what flags or the
   * environment give.
   */
  readonly check?: (values: V, sources: Configuration<V>['sources']) => void;
  /** The values that the program takes for options without one, by key, such as paths. */
  readonly defaults?: (values: V) => Readonly<Record<string, unknown>>;
}

/**
 * Makes the command `config check FILE | show [--sources] [--json] | schema | reference` for a
 * program with this schema.
 */
export const configCommand = <V>(schema: Schema<V>, knowledge: ConfigKnowledge<V> = {}): Command => ({
  name: 'config',
  describe: 'Check and show the configuration',
  examples: [
    ['check relay.toml', 'find every mistake in a file before the program reads it'],
    ['show --sources', 'see what start would use, and where each value comes from'],
  ],
  commands: [
    {
      name: 'check',
      describe: 'Check a configuration file; every mistake is reported',
      words: [{ name: 'file', option: option({ format: 'path', required: true, doc: 'The file to check' }) }],
      examples: [
        ['relay.toml', 'print "relay.toml is valid", or one line for each mistake'],
        ['relay.yaml && echo good', 'let a script go on if the file is valid'],
      ],
      run: (flags) => checkFile(schema, knowledge, String(flags['file'])),
    },
    {
      name: 'show',
      describe: 'Show the configuration that start would use, as a file',
      options: [...switches({ sources: 'Say where each value comes from', json: 'Print JSON' }), ...schema.options],
      examples: [
        ['-c relay.toml', 'what this file gives, with defaults and environment'],
        ['--sources', 'where each value comes from: default, file, environment or flag'],
        ['--json', 'the same for programs'],
      ],
      run: (flags) => showConfiguration(schema, knowledge, flags),
    },
    {
      name: 'schema',
      describe: 'Print the JSON Schema of the configuration file',
      examples: [
        ['> relay.schema.json', 'a schema for an editor that checks while you type'],
        ['| less', 'read it'],
      ],
      run: () => void process.stdout.write(`${JSON.stringify(jsonSchema(schema), undefined, 2)}\n`),
    },
    {
      name: 'reference',
      describe: 'Print the reference of all options, in Markdown',
      examples: [
        ['| less', 'read it in a terminal'],
        ['> options.md', 'keep it beside your own documents'],
      ],
      run: () => void process.stdout.write(referenceMarkdown(schema, { level: 2 })),
    },
  ],
});

function checkFile<V>(schema: Schema<V>, { check }: ConfigKnowledge<V>, file: string): void {
  assertFileIsRight(schema, file);
  const { values, sources } = loadConfiguration(schema, { file });
  check?.(values, sources);
  process.stdout.write(`${file} is valid\n`);
}

function showConfiguration<V>(schema: Schema<V>, { defaults }: ConfigKnowledge<V>, flags: Flags): void {
  const configuration = configured(schema, flags);
  const own = defaults?.(configuration.values) ?? {};
  if (flags['sources'] === true) process.stdout.write(formatSources(configuration));
  else if (flags['json'] === true)
    process.stdout.write(`${jsonLine({ ...own, ...writtenValues(schema, configuration) })}\n`);
  else process.stdout.write(formatConfiguration(schema, configuration, own));
}
