import type { Layer, Setting } from './layer/setting.js';
import { unknownKey, wrongValue } from './problem.js';
import type { Problem } from './problem.js';
import { Refusal } from './refusal.js';
import type { Flaw } from './refusal.js';
import { HIDDEN, shown } from './shown.js';

/** All problems of a layer, those of a file from top to bottom; right values go to `values`. */
export function checkLayer(layer: Layer, values: Map<Setting, unknown>): Problem[] {
  const problems = [...layer.problems];
  for (const setting of layer.settings) {
    const result = setting.placed.option.parse(setting.raw, setting.form);
    if (result instanceof Refusal) problems.push(...result.flaws.map((flaw) => problemOf(setting, flaw)));
    else values.set(setting, result);
  }
  return problems.sort(({ position: a }, { position: b }) => (a && b ? a.line - b.line || a.column - b.column : 0));
}

function problemOf(setting: Setting, flaw: Flaw): Problem {
  const { key: optionKey, option } = setting.placed;
  const source = setting.sourceOf(flaw);
  const key = flaw.path.reduce<string>(
    (name, step) => (typeof step === 'number' ? `${name}[${step}]` : `${name}.${step}`),
    optionKey,
  );
  const { suggestion } = flaw;
  const expected = `${flaw.expected}${separatorHint(setting, flaw)}`;
  if (flaw.unknownKey === true) return unknownKey({ key, source, expected, suggestion });
  // A format that quotes the value in what it expected must not give a secret away.
  if (option.definition.secret === true) {
    return wrongValue({ key, source, value: HIDDEN, expected: option.format.expected });
  }
  const isHidden = flaw.secret === true || (flaw.path.length === 0 && option.isSecret);
  if (isHidden) return wrongValue({ key, source, value: HIDDEN, expected });
  return wrongValue({ key, source, value: shown(partOf(setting.raw, flaw.path)), expected, suggestion });
}

/** In the environment, blanks separate the values of an array. */
function separatorHint({ origin, placed: { option }, raw }: Setting, { path }: Flaw): string {
  const part = origin === 'environment' && option.definition.array === true ? partOf(raw, path.slice(0, 1)) : undefined;
  return typeof part === 'string' && part.includes(',') ? ' (blanks separate values, not commas)' : '';
}

/** The wrong part of a value; of a short text, which has no parts, all of it. */
function partOf(raw: unknown, path: Flaw['path']): unknown {
  return path.reduce<unknown>((part, step) => {
    const hasPart = typeof part === 'object' && part !== null && Object.hasOwn(part, step);
    return hasPart ? (part as Record<string | number, unknown>)[step] : part;
  }, raw);
}
