import {
  formatConfiguration,
  formatSources,
  jsonSchema,
  loadConfiguration,
  referenceMarkdown,
  writtenValues,
  yargsOptions,
  type Schema,
} from '@relay/config';
import type { Argv, CommandModule } from 'yargs';
import { assertFileIsRight, configured, type Flags } from '../configured.js';
import { jsonLine } from '../json-line.js';

/** What a program knows of its configuration besides the schema. */
export interface ConfigKnowledge<V> {
  /**
   * Throws a ProgramFailure if values contradict each other. A file may lack what flags or the
   * environment give.
   */
  readonly check?: (values: V) => void;
  /** The values that the program takes for options without one, by key, such as paths. */
  readonly defaults?: (values: V) => Readonly<Record<string, unknown>>;
}

/**
 * Makes the command `config check FILE | show [--sources] [--json] | schema | reference` for a
 * program with this schema.
 */
export const configCommand = <V>(
  schema: Schema<V>,
  knowledge: ConfigKnowledge<V> = {},
): CommandModule<object, Flags> => ({
  command: 'config',
  describe: 'Check and show the configuration',
  builder: (cli) =>
    cli
      .command<Flags>({
        command: 'check <file>',
        describe: 'Check a configuration file; every mistake is told',
        builder: (check) =>
          check.positional('file', { type: 'string', demandOption: true, describe: 'The file to check' }),
        handler: (flags) => checkFile(schema, knowledge, String(flags['file'])),
      })
      .command<Flags>({
        command: 'show',
        describe: 'Show the configuration that start would use, as a file',
        builder: (show) => showOptions(schema, show),
        handler: (flags) => showConfiguration(schema, knowledge, flags),
      })
      .command({
        command: 'schema',
        describe: 'Print the JSON Schema of the configuration file',
        handler: () => {
          process.stdout.write(`${JSON.stringify(jsonSchema(schema), undefined, 2)}\n`);
        },
      })
      .command({
        command: 'reference',
        describe: 'Print the reference of all options, in Markdown',
        handler: () => {
          process.stdout.write(referenceMarkdown(schema, { level: 2 }));
        },
      })
      .demandCommand(1, 'config needs a command: check, show, schema or reference'),
  handler: () => undefined,
});

const showOptions = (schema: Schema<unknown>, show: Argv): Argv<Flags> =>
  show.options({
    ...yargsOptions(schema),
    sources: { type: 'boolean', nargs: 0, describe: 'Say where each value comes from' },
    json: { type: 'boolean', nargs: 0, describe: 'Print JSON' },
  });

function checkFile<V>(schema: Schema<V>, { check }: ConfigKnowledge<V>, file: string): void {
  assertFileIsRight(schema, file);
  check?.(loadConfiguration(schema, { file }).values);
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
