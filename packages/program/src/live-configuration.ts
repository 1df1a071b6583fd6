import { differences, type Configuration, type Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { configured, type Flags } from './configured.js';

/**
 * A program's configuration, which can be read again while it runs. Its log level needs no restart.
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
   * Reads everything again, takes on the log level, and logs and returns what has changed, a line
   * each; none where nothing has. Throws a ConfigurationError, and changes nothing, where anything
   * is wrong.
   */
  reload(logs: Logging): string[] {
    const next = configured(this.#schema, this.#flags);
    const changes = differences(this.#schema, this.#current, next);
    this.#current = next;
    logs.setLevel(next.values.logLevel);
    const lines = changes.map(({ message, isLive }) => (isLive ? message : `${message}: takes effect after a restart`));
    const log = logs.logger('configuration');
    for (const change of lines) log.info('configuration changed', { change });
    return lines;
  }

  /** As {@link reload}, where nobody waits for an answer: what is wrong is logged. */
  reloadQuietly(logs: Logging): void {
    try {
      this.reload(logs);
    } catch (error) {
      logs.logger('configuration').error('the configuration is wrong: nothing was changed', { error });
    }
  }
}
