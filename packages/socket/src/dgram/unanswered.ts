/** The callback of node:dgram after a datagram is sent or lost. */
type SendCallback = (error: Error | null, bytes: number) => void;

/** Remembers the tag of one datagram while node:dgram has it. */
class Slot {
  tag = 0;
  readonly callback: SendCallback;

  constructor(answered: (slot: Slot, error: Error | null, bytes: number) => void) {
    this.callback = (error, bytes) => answered(this, error, bytes);
  }
}

/**
 * The datagrams of a socket that node:dgram has not called back for. A callback reports a result,
 * but not which datagram it belongs to. Therefore each datagram with a tag has its own callback,
 * which is reused later.
 */
export class Unanswered {
  count = 0;
  readonly #answered: (error: Error | null, bytes: number, tag: number) => void;
  readonly #free: Slot[] = [];
  readonly #untagged: SendCallback;

  constructor(answered: (error: Error | null, bytes: number, tag: number) => void) {
    this.#answered = answered;
    this.#untagged = (error, bytes) => {
      this.count--;
      answered(error, bytes, 0);
    };
  }

  /** Returns the callback for one datagram. */
  add(tag: number): SendCallback {
    this.count++;
    if (tag === 0) return this.#untagged;
    const slot = this.#free.pop() ?? new Slot(this.#taggedAnswered);
    slot.tag = tag;
    return slot.callback;
  }

  readonly #taggedAnswered = (slot: Slot, error: Error | null, bytes: number): void => {
    this.count--;
    this.#free.push(slot);
    this.#answered(error, bytes, slot.tag);
  };
}
