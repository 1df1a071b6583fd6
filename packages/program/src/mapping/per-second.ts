import { Refusal, refuse, valueNameOf, type Format } from '@relay/config';

/** A plain count per second, or a rate with its unit. At most `max`, at least 1. */
export function perSecond(unit: Format<number>, max: number): Format<number> {
  const expected = `a whole number, or ${unit.expected}`;
  return {
    name: unit.name,
    valueName: `N|${valueNameOf(unit)}`,
    ...(unit.valueForm !== undefined && { valueForm: unit.valueForm }),
    expected,
    bounds: { min: 1, max },
    parse(value, form) {
      const isPlain =
        (typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value)) ||
        (Number.isSafeInteger(value) && Number(value) > 0);
      const amount = isPlain ? Number(value) : unit.parse(value, form);
      if (amount instanceof Refusal) return refuse(expected, amount.flaws[0]?.suggestion);
      return amount > max ? refuse(expected) : amount;
    },
  };
}
