import { differences, type Configuration, type Schema } from '@relay/config';
import { configured, type Flags } from './configured.js';

/** A program's configuration, which can be read again while it runs. */
export class LiveConfiguration<V> {
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
   * Reads everything again and hands it to `apply`, which takes on what can change without a restart. Returns one line for each difference.
   * Throws a ConfigurationError, and changes nothing, where anything is wrong.
   */
  reload(apply: (values: V) => void): string[] {
    const next = configured(this.#schema, this.#flags);
    const changes = differences(this.#schema, this.#current, next);
    this.#current = next;
    apply(next.values);
    return changes.map(({ message, isLive }) => (isLive ? message : `${message}: takes effect after a restart`));
  }
}
