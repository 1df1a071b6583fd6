import { formatSources, jsonSchema, referenceMarkdown, yargsOptions, type Schema } from '@relay/config';
import type { CommandModule } from 'yargs';
import { assertFileIsRight, configured, formatValues, type Flags } from '../configured.js';

/**
 * Makes the command `config check FILE | show [--sources] | schema | reference` for a program with
 * this schema.
 */
export const configCommand = (schema: Schema<unknown>): CommandModule<object, Flags> => ({
  command: 'config',
  describe: 'Check and show the configuration',
  builder: (cli) =>
    cli
      .command<Flags>({
        command: 'check <file>',
        describe: 'Check a configuration file; every mistake is told',
        builder: (check) => check.positional('file', { type: 'string', demandOption: true }),
        handler: (flags) => {
          const file = String(flags['file']);
          assertFileIsRight(schema, file);
          process.stdout.write(`${file} is right\n`);
        },
      })
      .command<Flags>({
        command: 'show',
        describe: 'Show the configuration that start would use',
        builder: (show) =>
          show
            .options(yargsOptions(schema))
            .option('sources', { type: 'boolean', describe: 'Say where each value comes from' }),
        handler: (flags) => {
          const configuration = configured(schema, flags);
          process.stdout.write(flags['sources'] === true ? formatSources(configuration) : formatValues(configuration));
        },
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
