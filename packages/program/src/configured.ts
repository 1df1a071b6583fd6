import { checkFile, ConfigurationError, loadConfiguration, type Configuration, type Schema } from '@relay/config';

/** Flags in the form that yargs gives them. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * Returns the configuration of a program from its defaults, file, environment and flags. The option
 * `config` names the file. Throws a ConfigurationError that lists every mistake.
 */
export function configured<V>(
  schema: Schema<V>,
  flags: Flags,
  environment: NodeJS.ProcessEnv = process.env,
): Configuration<V> {
  return loadConfiguration(schema, { flags, environment, fileOption: 'config' });
}

/** Throws a ConfigurationError that lists every mistake in a file. */
export function assertFileIsRight(schema: Schema<unknown>, file: string): void {
  const problems = checkFile(schema, file);
  if (problems.length > 0) throw new ConfigurationError(problems);
}
