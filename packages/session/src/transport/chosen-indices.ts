/** Finds by index where indices are chosen elsewhere, and few: those of a client. */
export class ChosenIndices<T> {
  readonly #entries = new Map<number, T>();

  at(index: number): T | undefined {
    return this.#entries.get(index);
  }

  set(index: number, entry: T): void {
    this.#entries.set(index, entry);
  }

  remove(index: number): void {
    this.#entries.delete(index);
  }
}
