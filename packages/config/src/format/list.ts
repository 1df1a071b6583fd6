import { Refusal, refuse } from '../refusal.js';
import type { Flaw } from '../refusal.js';
import type { Format } from './format.js';

/**
 * A list of values of one format. As text its parts stand between separators; in a file it is an array.
 * @param item The format of each part.
 * @param separator Stands between the parts of a text. Default `,`.
 */
export function list<T>(item: Format<T>, separator = ','): Format<readonly T[]> {
  const expected = `a list, each ${item.expected}`;
  return {
    name: `list of ${item.name}`,
    expected,
    parse(value, form) {
      if (form === 'text')
        return typeof value === 'string' ? parseAll(item, value.split(separator), form) : refuse(expected);
      return Array.isArray(value) ? parseAll(item, value, form) : refuse(expected);
    },
    jsonSchema: { type: 'array', items: item.jsonSchema ?? { type: 'string' } },
    ...(item.secret === true && { secret: true }),
    ...(item.completion && { completion: item.completion }),
  };
}

function parseAll<T>(item: Format<T>, values: readonly unknown[], form: 'text' | 'data'): readonly T[] | Refusal {
  const parsed: T[] = [];
  const flaws: Flaw[] = [];
  values.forEach((value, index) => {
    const result = item.parse(value, form);
    if (result instanceof Refusal)
      flaws.push(...result.flaws.map((flaw) => ({ ...flaw, path: [index, ...flaw.path] })));
    else parsed.push(result);
  });
  return flaws.length > 0 ? new Refusal(flaws) : parsed;
}
