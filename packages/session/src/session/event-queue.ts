import type { SessionEvent } from '../events.js';

/** What has happened in a channel and its program has not asked for yet, oldest first. */
export class EventQueue {
  #events: SessionEvent[] = [];
  #first = 0;

  push(event: SessionEvent): void {
    this.#events.push(event);
  }

  /** Takes out the oldest; undefined if there is none. */
  next(): SessionEvent | undefined {
    if (this.#events.length === 0) return undefined;
    const event = this.#events[this.#first++];
    if (this.#first === this.#events.length) {
      this.#events = [];
      this.#first = 0;
    }
    return event;
  }
}
