import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { defineSchema, FORMATS, jsonSchema, loadConfiguration, option, Refusal } from '../src/index.js';
import { optionJsonSchema } from '../src/json-schema.js';
import { file } from './folder.js';
import { everyOption, schema } from './relay.js';
import type { Given } from './wrong.js';

// ajv in strict mode refuses a schema with anything in it that it does not know.
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const isValid = ajv.compile(jsonSchema(schema));

describe('the JSON Schema', () => {
  test('the JSON Schema has every option that a file may have, and no other', () => {
    const keys = (tree: unknown, path: string): string[] =>
      Object.entries((tree as { properties?: object }).properties ?? {}).flatMap(([key, part]) => [
        `${path}${key}`,
        ...keys(part, `${path}${key}.`),
      ]);
    const expected = schema.options.filter(({ inFile }) => inFile).map(({ key }) => key);
    expect(keys(jsonSchema(schema), '').filter((key) => key !== 'limits' && key !== 'buffers')).toEqual(expected);
    expect(schema.options.filter(({ inFile, path }) => inFile && !(path[0] ?? '' in everyOption))).toEqual([]);
  });

  test.each<[string, (data: object) => string]>([
    ['toml', (data) => toToml(data)],
    ['yaml', (data) => toYaml(data)],
    ['json', (data) => JSON.stringify(data)],
  ])(
    'the JSON Schema accepts a %s file with every option, which loads to the same values as the others',
    (ending, write) => {
      const { values, sources } = loadConfiguration(schema, { file: file(`every.${ending}`, write(everyOption)) });
      expect(isValid(everyOption)).toBe(true);
      const notFromFile = [...sources].filter(([, { origin }]) => origin !== 'file').map(([key]) => key);
      expect(notFromFile).toEqual(['interactive']);
      expect(values).toEqual(
        loadConfiguration(schema, { file: file('every.json', JSON.stringify(everyOption)) }).values,
      );
    },
  );

  test('the JSON Schema accepts a file that states all defaults', () => {
    const data = { ...everyOption, listen: '[::]:7878', limits: { sessions: 1000, loadShed: 0.9, handshakes: '1k/s' } };
    expect([isValid(data), isValid.errors]).toEqual([true, null]);
  });

  test('the JSON Schema refuses unknown keys, and most values that the program refuses', () => {
    const vectors = JSON.parse(readFileSync(new URL('vectors/wrong-configurations.json', import.meta.url), 'utf8')) as {
      given: Given;
      problems: string[];
    }[];
    const documents = vectors.flatMap(({ given }) =>
      given.json?.startsWith('{\n') === true ? [JSON.parse(given.json) as unknown] : [],
    );
    expect(documents.length).toBeGreaterThan(0);
    for (const document of [
      ...documents,
      { lisen: 1 },
      { limits: { sesions: 1 } },
      { forward: [{ target: 'a:1', idel: '1s' }] },
      { forward: [{}] },
    ]) {
      expect([document, isValid(document)]).toEqual([document, false]);
    }
  });

  test('the JSON Schema never shows a secret, nor the default of one', () => {
    const secret = defineSchema(
      { key: option({ format: 'string', secret: true, default: 'hush', doc: 'x' }) },
      { program: 'x' },
    );
    expect(JSON.stringify(jsonSchema(secret))).not.toContain('hush');
  });
});

test('every value that a format accepts in a file is valid by its JSON Schema', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^\d{1,4}(ms|s|m|h|d|KiB|MB|\/s|k\/min|kbit\/s|-\d{1,5}|)$/),
    fc.ipV4(),
    fc.ipV6(),
    fc.domain(),
    fc
      .tuple(
        fc.oneof(
          fc.ipV4(),
          fc.domain(),
          fc.ipV6().map((address) => `[${address}]`),
        ),
        fc.nat(70_000),
      )
      .map((parts) => parts.join(':')),
    fc.constantFrom('info', 'debug,session=trace', 'a\u00a0b', '\u3000'),
  );
  const data = fc.oneof(texts, fc.integer(), fc.double(), fc.boolean(), fc.array(texts, { maxLength: 3 }));
  for (const [name, format] of Object.entries(FORMATS)) {
    const accepts = ajv.compile(optionJsonSchema(option({ format, doc: 'x' })));
    fc.assert(
      fc.property(data, (value) => {
        if (!(format.parse(value, 'data') instanceof Refusal))
          expect([name, value, accepts(value)]).toEqual([name, value, true]);
      }),
    );
  }
});
