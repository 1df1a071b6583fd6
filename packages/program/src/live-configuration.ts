import { ConfigurationError, differences, type Configuration, type Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { configured, type Flags } from './configured.js';

/**
 * The configuration of a program, which the program can read again while it runs. A change of the
 * log level needs no restart, nor does a change that the program applies itself.
 */
export class LiveConfiguration<V extends { readonly logLevel: string }> {
  readonly #schema: Schema<V, Record<string, unknown>>;
  readonly #flags: Flags;
  #current: Configuration<V>;

  /** Throws a ConfigurationError that lists every mistake. */
  constructor(schema: Schema<V, Record<string, unknown>>, flags: Flags) {
    this.#schema = schema;
    this.#flags = flags;
    this.#current = configured(schema, flags);
  }

  get values(): V {
    return this.#current.values;
  }

  /**
   * Reads the configuration again, lets the program `apply` it, and sets the log level. Logs and
   * returns one line for each change, or no line if nothing changed. If anything is wrong (a
   * ConfigurationError) or cannot be applied, it rejects and changes nothing.
   */
  async reload(logs: Logging, apply: (values: V) => unknown = NOTHING): Promise<string[]> {
    const next = configured(this.#schema, this.#flags);
    const changes = differences(this.#schema, this.#current, next);
    await apply(next.values);
    this.#current = next;
    logs.setLevel(next.values.logLevel);
    const lines = changes.map(({ message, isLive }) => (isLive ? message : `${message}: takes effect after a restart`));
    const log = logs.logger('configuration');
    for (const change of lines) log.info('configuration changed', { change });
    return lines;
  }

  /** Does the same as {@link reload} when no caller waits for an answer: it logs what is wrong. */
  async reloadQuietly(logs: Logging, apply: (values: V) => unknown = NOTHING): Promise<void> {
    try {
      await this.reload(logs, apply);
    } catch (error) {
      const what = error instanceof ConfigurationError ? 'is wrong' : 'cannot be applied';
      logs.logger('configuration').error(`the configuration ${what}: nothing was changed`, { error });
    }
  }
}

const NOTHING = (): undefined => undefined;
