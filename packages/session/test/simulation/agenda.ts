/**
 * What is to happen when: a binary heap of actions, those of one time in the order in which they
 * were added.
 */
export class Agenda {
  readonly #heap: { readonly atMs: number; readonly order: number; readonly act: () => void }[] = [];
  #added = 0;

  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  add(atMs: number, act: () => void): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#added++, act };
    let index = heap.push(entry) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && this.#isBefore(index, parent); parent = (index - 1) >> 1) {
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes out the next action. */
  take(): () => void {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) throw new Error('nothing is to happen');
    if (first !== last) {
      this.#heap[0] = last;
      for (let index = 0; ;) {
        const left = 2 * index + 1;
        const child = left + 1 < this.#heap.length && this.#isBefore(left + 1, left) ? left + 1 : left;
        if (child >= this.#heap.length || !this.#isBefore(child, index)) break;
        this.#swap(index, child);
        index = child;
      }
    }
    return first.act;
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a !== undefined) this.#heap[other] = a;
    if (b !== undefined) this.#heap[one] = b;
  }
}
