/** A place in a text; both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and indexes from the top of a document down to one of its parts. */
export type DocumentPath = readonly (string | number)[];

/** Deeper than any configuration; bounds the recursion of readers. */
export const MAX_DEPTH = 64;

/** Whether a part of a document is a table: dates and arrays are none. */
export function isTable(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * Plain data and where each part of it stood. Tables have no prototype, so that no key means
 * anything.
 */
export interface LocatedDocument {
  readonly value: unknown;
  readonly places: Places;
}

/** Where the parts of a document stand. */
export class Places {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, Position>();

  /** Notes where a part's value begins, and its key if it has one. */
  note(path: DocumentPath, value: Position, key?: Position): void {
    const name = JSON.stringify(path);
    this.#values.set(name, value);
    if (key !== undefined) this.#keys.set(name, key);
  }

  /** How many places are known. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether a part's place is known. */
  has(path: DocumentPath): boolean {
    return this.#values.has(JSON.stringify(path));
  }

  /** Where the key of a part stands; for elements of arrays the element. */
  keyOf(path: DocumentPath): Position | undefined {
    const name = JSON.stringify(path);
    return this.#keys.get(name) ?? this.#values.get(name);
  }

  /** Where the value of a part stands, or of the nearest part around it. */
  valueOf(path: DocumentPath): Position | undefined {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#values.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return undefined;
  }
}

/**
 * A text that is no document of its kind. The message never quotes the text: it may hold secrets.
 */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly position: Position | undefined;

  constructor(message: string, position?: Position) {
    super(message);
    this.position = position;
  }
}

/** Turns offsets into positions. */
export class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) this.#starts.push(end + 1);
  }

  /** Where an offset stands. */
  at(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}
