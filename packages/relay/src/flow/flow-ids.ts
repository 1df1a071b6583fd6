import { FLOW_OPENED_BY_SERVER } from '@relay/packet';

/**
 * Which side of the session this is; the lowest bit of a flow id says which side opened the flow.
 */
export type Side = 'client' | 'server';

/** The lowest bit of the ids of flows that this side opens. */
export const idBitOf = (side: Side): number => (side === 'server' ? FLOW_OPENED_BY_SERVER : 0);

const MAX_FLOW_ID = 0xffff_ffff;

/**
 * Ids for the flows that one side opens: one after another, and from the beginning again after the
 * largest.
 */
export class FlowIds {
  readonly #first: number;
  #next: number;

  /** `next` is the first one to be given. */
  constructor(side: Side, next = idBitOf(side)) {
    this.#first = idBitOf(side);
    this.#next = next;
  }

  /** The next id that is not in use. */
  take(isInUse: (id: number) => boolean): number {
    for (;;) {
      const id = this.#next;
      this.#next = id + 2 > MAX_FLOW_ID ? this.#first : id + 2;
      if (!isInUse(id)) return id;
    }
  }
}
