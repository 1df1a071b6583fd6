import { afterAll, beforeAll } from '@jest/globals';

/** Keeps opened resources and disposes of them in the opposite order. */
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
 * Resources that the tests of a block share. They are opened before the first test and disposed of
 * after the last, even if opening fails half-way. The returned function returns them.
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
