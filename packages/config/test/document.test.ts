import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { stringify as stringifyYaml } from 'yaml';
import { DocumentError, isTable, Lines } from '../src/document/document.js';
import type { DocumentPath, LocatedDocument } from '../src/document/document.js';
import { readJson } from '../src/document/json.js';
import { readToml } from '../src/document/toml.js';
import { readYaml } from '../src/document/yaml.js';
import { checkFile } from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';
import { writeToml } from './toml-writer.js';

/** `key value` of each part, as `line:column`. */
function placesOf({ value, places }: LocatedDocument): Record<string, string> {
  return Object.fromEntries(
    pathsOf(value, []).map((path) => {
      const [key, begin] = [places.keyOf(path), places.valueOf(path)];
      return [path.join('.'), `${key?.line}:${key?.column} ${begin?.line}:${begin?.column}`];
    }),
  );
}

function pathsOf(value: unknown, path: DocumentPath): DocumentPath[] {
  const inner = Array.isArray(value)
    ? value.flatMap((part, index) => pathsOf(part, [...path, index]))
    : isTable(value)
      ? Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))
      : [];
  return path.length === 0 ? inner : [path, ...inner];
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

describe('every part of a document has its place', () => {
  test('each part of a TOML document has its place: headers, arrays of tables, keys, texts, inline tables, comments', () => {
    const text = [
      '# comment = 1',
      'listen = "127.0.0.1:1" # a "quote"',
      '"log level"="""',
      'a = 1 """""',
      "  path = '''x''\\'''",
      'limits . sessions = 5',
      'mixed = [ 1, "],", # ]',
      '  { a = "}", b.c = [] }, ]',
      '[ buffers ]',
      'receive = 0x10',
      'when = 1979-05-27 07:32:00',
      '[[forward]]',
      'target = "a"',
      '[[forward]]',
      'target = "b"',
      '[forward.deep."x.y"]',
      'z = -inf',
      '[[forward.more]]',
      '"\\u0061b" = true',
    ].join('\r\n');
    expect(placesOf(readToml(text))).toEqual({
      listen: '2:1 2:10',
      'log level': '3:1 3:13',
      path: '5:3 5:10',
      limits: '6:1 6:1',
      'limits.sessions': '6:10 6:21',
      mixed: '7:1 7:9',
      'mixed.0': '7:11 7:11',
      'mixed.1': '7:14 7:14',
      'mixed.2': '8:3 8:3',
      'mixed.2.a': '8:5 8:9',
      'mixed.2.b': '8:14 8:14',
      'mixed.2.b.c': '8:16 8:20',
      buffers: '9:3 9:1',
      'buffers.receive': '10:1 10:11',
      'buffers.when': '11:1 11:8',
      forward: '12:3 12:3',
      'forward.0': '12:1 12:1',
      'forward.0.target': '13:1 13:10',
      'forward.1': '14:1 14:1',
      'forward.1.target': '15:1 15:10',
      'forward.1.deep': '16:10 16:10',
      'forward.1.deep.x.y': '16:15 16:1',
      'forward.1.deep.x.y.z': '17:1 17:5',
      'forward.1.more': '18:11 18:11',
      'forward.1.more.0': '18:1 18:1',
      'forward.1.more.0.ab': '19:1 19:13',
    });
  });

  test('each part of a YAML document has its place: blocks, flows, anchors, empty values', () => {
    const text = [
      '# c',
      'listen: "x"',
      'forward:',
      '  - target: &t a',
      '    idle: 1',
      '  - {target: *t}',
      'empty:',
      '',
    ].join('\n');
    expect(placesOf(readYaml(text))).toEqual({
      listen: '2:1 2:9',
      forward: '3:1 4:3',
      'forward.0': '4:5 4:5',
      'forward.0.target': '4:5 4:16',
      'forward.0.idle': '5:5 5:11',
      'forward.1': '6:5 6:5',
      'forward.1.target': '6:6 6:14',
      empty: '7:1 7:7',
    });
  });

  test('each part of a JSON document has its place', () => {
    const text = '{\n\t"listen": "x",\n\t"limits": {"sessions":5},\n\t"forward": [ {"target": "\\u0061"}, null ]\n}\n';
    expect(placesOf(readJson(text))).toEqual({
      listen: '2:2 2:12',
      limits: '3:2 3:12',
      'limits.sessions': '3:13 3:24',
      forward: '4:2 4:13',
      'forward.0': '4:15 4:15',
      'forward.0.target': '4:16 4:26',
      'forward.1': '4:37 4:37',
    });
  });
});

describe('for every document', () => {
  const key = fc.oneof(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.string({ maxLength: 6 }),
    fc.constantFrom('__proto__', 'constructor'),
  );
  const scalar = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const { table } = fc.letrec<{ table: Record<string, unknown>; part: unknown }>((tie) => ({
    table: fc.dictionary(key, tie('part'), { maxKeys: 4 }),
    part: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(scalar, { maxLength: 3 }),
      fc.array(tie('table'), { maxLength: 3 }),
      tie('table'),
    ),
  }));

  test('the JSON reader agrees with JSON.parse on every text', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '0', '\\', '\n', 'e'),
        (json, offset, mark) => {
          const at = offset % (json.length + 1);
          const text = `${json.slice(0, at)}${mark}${json.slice(at)}`;
          const ours = outcome(() => plain(readJson(text).value));
          if (ours instanceof DocumentError && ours.message === 'has a key twice') return;
          const theirs = outcome(() => plain(JSON.parse(text)));
          expect(ours instanceof DocumentError ? undefined : ours).toEqual(theirs);
        },
      ),
    );
  });

  test('the JSON and YAML readers give the place of each key', () => {
    fc.assert(
      fc.property(table, fc.constantFrom<number | string>(0, 2, '\t'), (data, indent) => {
        const json = JSON.stringify(data, null, indent);
        const document = readJson(json);
        expect(plain(document.value)).toEqual(plain(data));
        for (const path of pathsOf(document.value, [])) {
          const name = path.at(-1);
          if (typeof name === 'string')
            expect(rest(json, document.places.keyOf(path))).toMatch(startOf(JSON.stringify(name)));
        }
        const yaml = readYaml(stringifyYaml(document.value, { defaultKeyType: 'QUOTE_DOUBLE' }));
        expect(plain(yaml.value)).toEqual(plain(data));
        for (const path of pathsOf(yaml.value, [])) expect(yaml.places.has(path)).toBe(true);
      }),
    );
  });

  test('the TOML reader gives a place for each part and nothing else, and the text there is that part', () => {
    fc.assert(
      fc.property(table, (data) => {
        const text = stringify(data);
        const { value, places } = readToml(text);
        expect(places.size).toBe(pathsOf(value, []).length + 1);
        for (const path of pathsOf(value, [])) {
          expect([path, places.has(path)]).toEqual([path, true]);
          const part = partAt(value, path);
          if (isTable(part) || Array.isArray(part)) continue;
          const [line = ''] = rest(text, places.valueOf(path)).split('\n');
          const ends = [line.length, ...[...line.matchAll(/[,\]}]/g)].map((match) => match.index)];
          expect(ends.some((end) => isSame(line.slice(0, end), part))).toBe(true);
        }
      }),
    );
  });

  test('the TOML reader finds each part in every way to write it', () => {
    fc.assert(
      fc.property(table, fc.gen(), (data, gen) => {
        const { text, offsets } = writeToml(withoutFloats(data), (choices) => gen(() => choices));
        const { value, places } = readToml(text);
        const lines = new Lines(text);
        for (const path of pathsOf(value, [])) {
          const written = offsets.get(JSON.stringify(path));
          expect([text, path, places.keyOf(path), places.valueOf(path)]).toEqual([
            text,
            path,
            lines.at(written?.key ?? -1),
            lines.at(written?.value ?? -1),
          ]);
        }
        expect(places.size).toBe(offsets.size + 1);
      }),
    );
  });

  test('for any text, a reader gives a document or the place of the fault', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[[\]{}"'=:.,#\-\n a1&*!|>?]*$/),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(readJson, readToml, readYaml), (text, reader) => {
        try {
          reader(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
        }
      }),
    );
  });

  function isSame(literal: string, part: unknown): boolean {
    return outcome(() => Object.is(parse(`x = ${literal}`)['x'], part)) === true;
  }
});

describe('a text that is no document is refused at its place, without being quoted', () => {
  test.each([
    ['TOML', readToml, 'a = "hush\nb = 1', 1],
    ['TOML: a key twice', readToml, 'a = 1\na = 2', 2],
    ['TOML: a table twice', readToml, '[a]\n[a]', 2],
    ['TOML: too deep', readToml, `a = ${'['.repeat(500)}${']'.repeat(500)}`, 1],
    ['YAML', readYaml, 'a: 1\nb: "hush', 2],
    ['YAML: a key twice', readYaml, 'a: 1\na: hush', 2],
    ['YAML: tabs', readYaml, 'a:\n\tb: hush', 2],
    ['YAML: no anchor', readYaml, 'a: *hush', 1],
    ['YAML: tags', readYaml, 'a: !!js/function "hush"', 1],
    ['YAML: two documents', readYaml, 'a: 1\n---\nb: hush', 2],
    ['YAML: keys that are no texts', readYaml, 'a: 1\n80: hush', 2],
    ['YAML: itself within itself', readYaml, 'a: &a [*a]', 1],
    ['YAML: a billion laughs', readYaml, laughs(), 2],
    ['JSON', readJson, '{\n"a": hush}', 2],
    ['JSON: a key twice', readJson, '{"a": 1,\n"a": "hush"}', 2],
    ['JSON: a comma too many', readJson, '{"a": 1,}', 1],
    ['JSON: comments', readJson, '// hush\n{}', 1],
    ['JSON: nothing', readJson, '', 1],
    ['JSON: more than one', readJson, '{}\n{}', 2],
    ['JSON: too deep', readJson, '['.repeat(100_000), 1],
  ])('a text that is no document is refused at its place, unquoted: %s', (_, reader, text, line) => {
    const error = outcome(() => reader(text));
    expect(error).toBeInstanceOf(DocumentError);
    if (!(error instanceof DocumentError)) return;
    expect(error.message).not.toContain('hush');
    expect(error.position?.line).toBe(line);
  });

  test('YAML numbers that readers disagree on stay texts', () => {
    expect(readYaml('[010, 0x10, 0o17, +1, 1_000, .5, 1.5, -3, no, yes]').value).toEqual([
      '010',
      '0x10',
      '0o17',
      '+1',
      '1_000',
      '.5',
      1.5,
      -3,
      'no',
      'yes',
    ]);
  });

  test('a megabyte of blanks, quotes or brackets is read in one go', () => {
    const mega = 1 << 20;
    expect(readToml(`${'\n'.repeat(mega)}a = 1`).places.keyOf(['a'])).toEqual({ line: mega + 1, column: 1 });
    expect(readToml(`a = "${'x'.repeat(mega)}"`).places.valueOf(['a'])).toEqual({ line: 1, column: 5 });
    expect(readToml(`a = """${'x\n'.repeat(mega / 2)}"""\nb = 1`).places.keyOf(['b'])?.column).toBe(1);
    expect(readJson(`${' '.repeat(mega)}"${'x'.repeat(mega)}"`).value).toHaveLength(mega);
  });
});

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof DocumentError ? error : undefined;
  }
}

function laughs(): string {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const letter of 'bcdefghi') {
    const before = String.fromCharCode(letter.charCodeAt(0) - 1);
    lines.push(`${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
  }
  return lines.join('\n');
}

function rest(text: string, place: { line: number; column: number } | undefined): string {
  return text
    .split('\n')
    .slice((place?.line ?? 1) - 1)
    .join('\n')
    .slice((place?.column ?? 1) - 1);
}

function startOf(literal: string): RegExp {
  return new RegExp(`^${literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`);
}

function partAt(value: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>((part, step) => (part as Record<string | number, unknown>)[step], value);
}

/** Numbers as whole ones, that TOML and JavaScript write alike. */
function withoutFloats(data: Record<string, unknown>): Record<string, unknown> {
  const whole = (_: string, part: unknown): unknown => (typeof part === 'number' ? Math.trunc(part) % 1e9 || 0 : part);
  return JSON.parse(JSON.stringify(data, whole)) as Record<string, unknown>;
}

test.each(['a = "b\nc = 1\n', "a = 'b\n", 'a = "b\r\nc = 1\r\n', 'a = "b', 'a = """b\nc'])(
  'a TOML text whose quote is missing is called unclosed: %j',
  (text) => {
    expect(() => readToml(text)).toThrow(/^is not valid TOML: a quote is not closed$/);
    expect(() => readToml('a = "b\u0001c"\n')).toThrow('control characters');
  },
);

test('a pipe is refused instead of waited for', () => {
  const path = file('pipe.toml', '');
  rmSync(path);
  execFileSync('mkfifo', [path]);
  expect(checkFile(schema, path).map(({ message }) => message)).toEqual([`${path}: cannot be read: it is not a file`]);
});
