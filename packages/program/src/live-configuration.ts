import { ConfigurationError, differences, type Configuration, type Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { configured, type Flags } from './configured.js';

/**
 * A program's configuration, which can be read again while it runs. Its log level needs no restart,
 * and what the program applies.
 */
export class LiveConfiguration<V extends { readonly logLevel: string }> {
  readonly #schema: Schema<V, Record<string, unknown>>;
  readonly #flags: Flags;
  #current: Configuration<V>;

  /** Throws a ConfigurationError with everything that is wrong. */
  constructor(schema: Schema<V, Record<string, unknown>>, flags: Flags) {
    this.#schema = schema;
    this.#flags = flags;
    this.#current = configured(schema, flags);
  }

  get values(): V {
    return this.#current.values;
  }

  /**
   * Reads everything again, lets the program `apply` it, takes on the log level, and logs and
   * returns what has changed, a line each; none where nothing has. Rejects, and changes nothing,
   * where anything is wrong (a ConfigurationError) or cannot be applied.
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

  /** As {@link reload}, where nobody waits for an answer: what is wrong is logged. */
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
