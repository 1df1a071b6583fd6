import { differences, type Configuration, type Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { configured, type Flags } from './configured.js';

/** A setting that is configured and does not run yet: it takes effect after a restart. */
export interface PendingSetting {
  readonly key: string;
  /** From the value that runs to the configured one: `idle: "30s" -> "31s" (relay.toml:3:8)`. */
  readonly change: string;
}

/**
 * The configuration of a program, which the program can read again while it runs. A change of the
 * log level needs no restart, nor does a change that the program applies itself.
 */
export class LiveConfiguration<V extends { readonly logLevel: string }> {
  readonly #schema: Schema<V, Record<string, unknown>>;
  readonly #flags: Flags;
  /** What the program was started with: what it runs with, apart from live options. */
  readonly #started: Configuration<V>;
  #current: Configuration<V>;

  /** Throws a ConfigurationError that lists every mistake. */
  constructor(schema: Schema<V, Record<string, unknown>>, flags: Flags) {
    this.#schema = schema;
    this.#flags = flags;
    this.#started = configured(schema, flags);
    this.#current = this.#started;
  }

  get values(): V {
    return this.#current.values;
  }

  /** Where the values come from, by key. */
  get sources(): Configuration<V>['sources'] {
    return this.#current.sources;
  }

  /** What the last reading configures and does not run, in the order of the schema. */
  get pending(): readonly PendingSetting[] {
    return this.#pendingAfter(this.#current);
  }

  /**
   * Reads the configuration again, lets the program `apply` it, and sets the log level. Logs what
   * this reading has changed. Returns one line for each change that it has applied, for each
   * setting that waits for a restart, and for each one that waits no longer since it is again as
   * it runs. If anything is wrong (a ConfigurationError) or cannot be applied, it rejects and
   * changes nothing.
   */
  async reload(logs: Logging, apply: (values: V) => unknown = NOTHING): Promise<string[]> {
    const next = configured(this.#schema, this.#flags);
    const changes = differences(this.#schema, this.#current, next);
    const pending = this.#pendingAfter(next);
    const undone = this.pending.filter(({ key }) => pending.every((other) => other.key !== key));
    await apply(next.values);
    this.#current = next;
    if (changes.some(({ key }) => key === 'logLevel')) logs.setLevel(next.values.logLevel);
    const applied = changes.filter(({ isLive }) => isLive).map(({ message }) => message);
    const waiting = pending.map(({ change }) => `${change}: takes effect after a restart`);
    const lines = [...applied, ...waiting, ...undone.map(({ key }) => `${key}: needs no restart: it is as it runs`)];
    const log = logs.logger('configuration');
    if (changes.length > 0) for (const change of lines) log.info('configuration changed', { change });
    return lines;
  }

  #pendingAfter(next: Configuration<V>): PendingSetting[] {
    return differences(this.#schema, this.#started, next)
      .filter(({ isLive }) => !isLive)
      .map(({ key, message }) => ({ key, change: message }));
  }
}

const NOTHING = (): undefined => undefined;
