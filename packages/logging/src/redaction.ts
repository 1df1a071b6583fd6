import { types } from 'node:util';

/** The text in a log in place of a secret. */
export const REDACTED = '[redacted]';

// Compared with the key in lower case and without separators: `clientSecret`, `private_key` and
// `Private-Key` all match.
const SECRET_KEY =
  /^key$|(password|passphrase|secret|token|authorization|cookie|privatekey|secretkey|presharedkey|sessionkey|statickey|apikey|invitation|credentials?|psk)$/;

// The scheme is bounded, or a long text of letters would be searched once from each of them.
const URL_USER_INFO = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#@\s]*@/gi;

// eslint's unsafe-function-type rule forbids `Function`; a class to compare instances with is this.
type Class = abstract new (...parameters: never[]) => unknown;

/** More keys and types whose values are secrets. */
export interface RedactionOptions {
  /**
   * More names of keys whose values are secrets; upper and lower case, `-` and `_` do not matter.
   */
  readonly keys?: readonly string[];
  /** Classes whose instances are secrets, besides key objects and bytes, which always are. */
  readonly types?: readonly Class[];
}

/**
 * Decides which values must not be written: by the name of the key, by the type of the value, and
 * credentials inside of URLs.
 */
export class Redaction {
  readonly #keys: ReadonlySet<string>;
  readonly #types: readonly Class[];
  readonly #verdicts = new Map<string, boolean>();

  constructor({ keys = [], types = [] }: RedactionOptions = {}) {
    this.#keys = new Set(keys.map(plain));
    this.#types = types;
  }

  isSecretKey(key: string): boolean {
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const name = plain(key.slice(-MAX_KEY_LENGTH));
    const verdict = SECRET_KEY.test(name) || this.#keys.has(name);
    if (this.#verdicts.size < MAX_VERDICTS && key.length <= MAX_KEY_LENGTH) this.#verdicts.set(key, verdict);
    return verdict;
  }

  /**
   * The text in place of a secret value, or undefined if the value may be written. For bytes only
   * their number is shown.
   */
  replacement(value: object): string | undefined {
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
    if (types.isKeyObject(value) || types.isCryptoKey(value)) return REDACTED;
    return this.#types.some((type) => value instanceof type) ? REDACTED : undefined;
  }

  /**
   * The text without the credentials of URLs: `relay://PRIVATE@host` becomes
   * `relay://[redacted]@host`.
   */
  withoutCredentials(text: string): string {
    return text.includes('://') ? text.replace(URL_USER_INFO, `$1${REDACTED}@`) : text;
  }
}

// Keys are written in code, so they are few and short; the bounds are for keys that come from
// elsewhere.
const MAX_VERDICTS = 1000;
const MAX_KEY_LENGTH = 128;

function plain(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}
