import { Refusal } from '@relay/config';
import { publishMapping, type PublishMapping } from '../../src/mapping/publish-format.js';

/** The publish that a user gives with `--publish`. */
export function publishOf(text: string): PublishMapping {
  const mapping = publishMapping.parse(text, 'text');
  if (mapping instanceof Refusal) throw new Error(`not a publish: ${text}`);
  return mapping;
}
