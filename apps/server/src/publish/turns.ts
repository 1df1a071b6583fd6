/** Does work for each key one after another, and work for different keys at the same time. */
export class Turns {
  readonly #latest = new Map<string, Promise<unknown>>();
  readonly #counts = new Map<string, number>();

  /** How much work of this key waits or is being done. */
  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Does the work once all earlier work for this key has ended, well or not. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#counts.set(key, this.countOf(key) + 1);
    const turn = (this.#latest.get(key) ?? Promise.resolve()).then(work);
    const ended: Promise<void> = turn.then(
      () => this.#end(key, ended),
      () => this.#end(key, ended),
    );
    this.#latest.set(key, ended);
    return turn;
  }

  /** Resolves when all work that has been given so far has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#latest.values());
  }

  #end(key: string, ended: Promise<unknown>): void {
    this.#counts.set(key, this.countOf(key) - 1);
    if (this.#latest.get(key) !== ended) return;
    this.#latest.delete(key);
    this.#counts.delete(key);
  }
}
