/** Names of clients; undefined stands for all of them. */
export type ClientNames = readonly string[] | undefined;

/** Clients whose files are to be looked at some time after the first of them was added. */
export class DueNames {
  readonly #delayMs: number;
  readonly #most: number;
  readonly #look: (names: ClientNames) => void;
  readonly #names = new Set<string>();
  #areAll = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `look` gets all clients in place of more than `most` names. */
  constructor(delayMs: number, most: number, look: (names: ClientNames) => void) {
    this.#delayMs = delayMs;
    this.#most = most;
    this.#look = look;
  }

  add(names: ClientNames): void {
    if (this.#isClosed) return;
    for (const name of names ?? []) this.#names.add(name);
    this.#areAll ||= names === undefined || this.#names.size > this.#most;
    if (this.#areAll) this.#names.clear();
    this.#timer ??= setTimeout(() => this.#take(), this.#delayMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #take(): void {
    const names = this.#areAll ? undefined : [...this.#names];
    this.#timer = undefined;
    this.#areAll = false;
    this.#names.clear();
    this.#look(names);
  }
}
