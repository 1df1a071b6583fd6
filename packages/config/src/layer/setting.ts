import type { Form } from '../format/format.js';
import type { Flaw } from '../refusal.js';
import type { SchemaOption } from '../schema.js';

/** Where a value came from. */
export type Origin = 'default' | 'file' | 'environment' | 'flag';

/** One value that was given for one option, not yet looked at. */
export interface Setting {
  readonly option: SchemaOption;
  readonly raw: unknown;
  readonly form: Form;
  readonly origin: Origin;
  /** Where a flaw stands: `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  sourceOf(flaw?: Flaw): string;
}
