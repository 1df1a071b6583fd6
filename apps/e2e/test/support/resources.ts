import { afterAll, beforeAll } from '@jest/globals';

/** Keeps what was opened, and disposes of it in the opposite order. */
export class Resources implements AsyncDisposable {
  readonly #kept: (AsyncDisposable | Disposable)[] = [];

  readonly keep = <R extends AsyncDisposable | Disposable>(resource: R): R => {
    this.#kept.push(resource);
    return resource;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#kept.splice(0).reverse()) {
      if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
      else resource[Symbol.dispose]();
    }
  }
}

/**
 * What the tests of a block share: opened before the first and disposed of after the last, also
 * where opening fails half-way. The function that is returned gives it.
 */
export function shared<T>(open: (keep: Resources['keep']) => Promise<T>): () => T {
  const resources = new Resources();
  let opened: { readonly value: T } | undefined;
  beforeAll(async () => {
    opened = { value: await open(resources.keep) };
  });
  afterAll(() => resources[Symbol.asyncDispose]());
  return () => {
    if (opened === undefined) throw new Error('what the tests share could not be opened');
    return opened.value;
  };
}
