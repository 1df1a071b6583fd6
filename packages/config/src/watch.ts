import { existsSync, realpathSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { loadConfiguration } from './configuration.js';
import type { Configuration, Inputs } from './configuration.js';
import { differences } from './difference.js';
import type { Difference } from './difference.js';
import { ConfigurationError } from './problem.js';
import type { Schema } from './schema.js';

// An editor writes a file in several steps; the states between them need not be read.
const SETTLE_MS = 100;

/** From one valid configuration to the next. */
export interface Change<V, F> {
  /** The configuration until now. */
  readonly before: Configuration<V>;
  /** The configuration from now on. */
  readonly after: Configuration<V>;
  /** At least one. */
  readonly differences: readonly Difference<F>[];
  /** All of them can be applied without a restart. */
  readonly isLive: boolean;
}

/** The calls that a watching program receives. */
export interface WatchListener<V, F> {
  /** The file gives other values, all of them valid. */
  onChange(change: Change<V, F>): void;
  /**
   * The file is wrong now; the configuration stays as it was. Called once for each state of the
   * file.
   */
  onRefused(error: ConfigurationError): void;
}

/** Keeps a configuration up to date with its file. */
export class ConfigurationWatcher<V, F> implements Disposable {
  readonly #schema: Schema<V, F>;
  readonly #inputs: Inputs;
  readonly #listener: WatchListener<V, F>;
  #watchers: readonly FSWatcher[] = [];
  #current: Configuration<V>;
  #refused = '';
  #settling: NodeJS.Timeout | undefined;

  constructor(schema: Schema<V, F>, inputs: Inputs, listener: WatchListener<V, F>) {
    this.#schema = schema;
    this.#inputs = inputs;
    this.#listener = listener;
    this.#current = loadConfiguration(schema, inputs);
    this.#watch();
    // The file may have changed between the two.
    this.#settle();
  }

  /** The newest valid configuration. */
  get current(): Configuration<V> {
    return this.#current;
  }

  /**
   * Reads everything again, now: for SIGHUP and the like. Does not call the listener.
   * @returns The changes; `undefined` if there are none.
   * @throws {ConfigurationError} if it is wrong; the configuration stays as it was.
   */
  reload(): Change<V, F> | undefined {
    const before = this.#current;
    const after = loadConfiguration(this.#schema, this.#inputs);
    this.#current = after;
    this.#refused = '';
    const found = differences(this.#schema, before, after);
    if (found.length === 0) return undefined;
    return { before, after, differences: found, isLive: found.every((difference) => difference.isLive) };
  }

  /** Stops watching; `current` and `reload` still work. */
  close(): void {
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
  }

  /** As `close`: for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Watches the folders that count now: a link may lead elsewhere, a folder may be a new one. */
  #watch(): void {
    const before = this.#watchers;
    // An error only says that a folder went away: `reload` still works.
    this.#watchers = folders(this.#current.file).map((folder) =>
      watch(folder, { persistent: false }, () => this.#settle()).on('error', () => undefined),
    );
    for (const watcher of before) watcher.close();
  }

  /** Not put off by further events: a busy folder must not keep a change from being seen. */
  #settle(): void {
    this.#settling ??= setTimeout(() => this.#tell(), SETTLE_MS).unref();
  }

  #tell(): void {
    this.#settling = undefined;
    // Watching starts first: a later change raises an event, an earlier one is read below.
    this.#watch();
    try {
      const change = this.reload();
      if (change !== undefined) this.#listener.onChange(change);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      if (error.message === this.#refused) return;
      this.#refused = error.message;
      this.#listener.onRefused(error);
    }
  }
}

/**
 * Loads a configuration and watches its file, which may be replaced, or be a symbolic link whose
 * target changes. The program may end while it watches.
 * @throws {ConfigurationError} if the configuration is wrong to begin with.
 */
export function watchConfiguration<V, F>(
  schema: Schema<V, F>,
  inputs: Inputs,
  listener: WatchListener<V, F>,
): ConfigurationWatcher<V, F> {
  return new ConfigurationWatcher(schema, inputs, listener);
}

/** The folders in which a change of the file shows: its own, and that of the file behind a link. */
function folders(file: string | undefined): string[] {
  if (file === undefined) return [];
  const behind = existsSync(file) ? realpathSync(file) : file;
  return [...new Set([dirname(file), dirname(behind)])].filter((folder) => existsSync(folder));
}
