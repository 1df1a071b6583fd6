/**
 * Something that wants to be woken at a time. `deadlineIndex` belongs to {@link Deadlines}; begin
 * with -1.
 */
export interface Sleeper {
  deadlineMs: number;
  deadlineIndex: number;
}

/**
 * Who is to be woken when: a binary heap that knows where each sleeper is. Moving a deadline
 * forward is left undone by its users (they wake, see that nothing is due, and go back to sleep),
 * so that traffic costs no heap operations.
 */
export class Deadlines<T extends Sleeper> {
  readonly #heap: T[] = [];

  /** The earliest deadline; Infinity if nobody sleeps. */
  get nextMs(): number {
    return this.#heap[0]?.deadlineMs ?? Infinity;
  }

  /**
   * Wakes `sleeper` at `deadlineMs` or earlier. A deadline it has already that is not later stays.
   */
  wakeBy(sleeper: T, deadlineMs: number): void {
    if (sleeper.deadlineIndex >= 0) {
      if (sleeper.deadlineMs <= deadlineMs) return;
    } else {
      sleeper.deadlineIndex = this.#heap.length;
      this.#heap.push(sleeper);
    }
    sleeper.deadlineMs = deadlineMs;
    this.#up(sleeper);
  }

  /**
   * Takes out all whose deadline has come, and wakes them: each once, even if it wants to be woken
   * at once again.
   */
  wakeDue(nowMs: number, wake: (sleeper: T) => void): void {
    const due: T[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.deadlineMs <= nowMs; first = this.#heap[0]) {
      this.remove(first);
      due.push(first);
    }
    for (const sleeper of due) wake(sleeper);
  }

  remove(sleeper: T): void {
    const index = sleeper.deadlineIndex;
    if (index < 0) return;
    sleeper.deadlineIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === sleeper) return;
    this.#put(last, index);
    this.#up(last);
    this.#down(last);
  }

  #up(sleeper: T): void {
    for (;;) {
      const index = sleeper.deadlineIndex;
      const parent = index > 0 ? this.#heap[(index - 1) >> 1] : undefined;
      if (parent === undefined || parent.deadlineMs <= sleeper.deadlineMs) return;
      this.#put(sleeper, parent.deadlineIndex);
      this.#put(parent, index);
    }
  }

  #down(sleeper: T): void {
    for (;;) {
      const index = sleeper.deadlineIndex;
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.deadlineMs < left.deadlineMs ? right : left;
      if (child === undefined || child.deadlineMs >= sleeper.deadlineMs) return;
      this.#put(sleeper, child.deadlineIndex);
      this.#put(child, index);
    }
  }

  #put(sleeper: T, index: number): void {
    sleeper.deadlineIndex = index;
    this.#heap[index] = sleeper;
  }
}
