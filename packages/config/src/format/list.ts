import { Refusal, refuse } from '../refusal.js';
import type { Flaw } from '../refusal.js';
import { valueNameOf, type Form, type Format } from './format.js';

/**
 * A list of values of one format. As text its parts stand between separators; in a file it is an
 * array.
 * @param item The format of each part.
 * @param separator Stands between the parts of a text. Default `,`.
 */
export function list<T>(item: Format<T>, separator = ','): Format<readonly T[]> {
  return {
    name: `list of ${item.name}`,
    valueName: `${valueNameOf(item)}${separator}…`,
    expected: expectedList(item),
    parse(value, form) {
      const parts = form === 'text' && typeof value === 'string' ? value.split(separator) : value;
      return parseEach(item, parts, form);
    },
    jsonSchema: { type: 'array', items: item.jsonSchema ?? { type: 'string' } },
    ...(item.secret === true && { secret: true }),
    ...(item.completion && { completion: item.completion }),
  };
}

/** An array of values of one format, or a refusal that says which of them are wrong. */
export function parseEach<T>(item: Format<T>, values: unknown, form: Form): readonly T[] | Refusal {
  if (!Array.isArray(values)) return refuse(expectedList(item));
  const parsed: T[] = [];
  const flaws: Flaw[] = [];
  values.forEach((value: unknown, index) => {
    const result = item.parse(value, form);
    if (!(result instanceof Refusal)) parsed.push(result);
    else flaws.push(...result.flaws.map((flaw) => ({ ...flaw, path: [index, ...flaw.path] })));
  });
  return flaws.length > 0 ? new Refusal(flaws) : parsed;
}

function expectedList(item: Format<unknown>): string {
  return `a list, each ${item.expected}`;
}
