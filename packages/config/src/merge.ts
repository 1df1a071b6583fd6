import convict from 'convict';
import type { Layer, Setting } from './layer/setting.js';
import type { PlacedOption, Schema } from './schema.js';

/**
 * Merges layers by convict: a later setting of an option replaces an earlier one.
 *
 * Convict holds only the number of a setting, in an array. So its own conversions (`12abc` to 12,
 * `no` to true) and its walks into tables never meet a value, and values need not survive its
 * copying.
 * @returns The setting that counts, by key, in the order of the schema; options without one are
 * left out.
 */
export function merge(schema: Schema<unknown>, layers: readonly Layer[]): ReadonlyMap<string, Setting> {
  const settings = layers.flatMap((layer) => layer.settings);
  const shape: Record<string, convict.SchemaObj<number[]>> = {};
  for (const placed of schema.options) shape[nameOf(placed)] = { default: [], format: Array };

  const merged = convict<Record<string, number[]>>(shape, { env: {}, args: [] });
  settings.forEach(({ placed }, index) => merged.set(nameOf(placed), [index]));
  merged.validate({ allowed: 'strict' });

  const winners = new Map<string, Setting>();
  for (const placed of schema.options) {
    const [index = -1] = merged.get(nameOf(placed));
    const setting = settings[index];
    if (setting !== undefined) winners.set(placed.key, setting);
  }
  return winners;
}

/**
 * Without dots, and never nested: a group that has an option `default` would mean something to
 * convict.
 */
function nameOf({ path }: PlacedOption): string {
  return path.join('/');
}
