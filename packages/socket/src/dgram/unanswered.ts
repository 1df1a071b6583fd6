/** What node:dgram calls once a datagram is sent or lost. */
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
 * The datagrams of a socket that node:dgram has not called back for. It says what became of one,
 * but not which one it was: so each with a tag has a callback of its own, which serves again
 * afterwards.
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

  /** The callback for one datagram. */
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
