import type { Form } from '../format/format.js';
import type { Problem, Source } from '../problem.js';
import type { Flaw } from '../refusal.js';
import type { PlacedOption } from '../schema.js';

/** Where a value came from. */
export type Origin = 'default' | 'file' | 'environment' | 'flag';

/** The settings of one source, and the problems that show without a format. */
export interface Layer {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

/** One value that was given for one option, not yet checked. */
export interface Setting {
  readonly placed: PlacedOption;
  readonly raw: unknown;
  readonly form: Form;
  readonly origin: Origin;
  /** Where a flaw stands, or else the value. */
  sourceOf(flaw?: Flaw): Source;
}
