import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fuzz, randomNumbers } from './fuzzer.js';
import { bytesOf, type VectorFile } from '../vectors/vectors.js';
import { loadInstrumented } from './instrumented.js';
import { TARGETS } from './targets.js';

// `pnpm fuzz` sets this, and new inputs of worth are then saved into the corpus.
const seconds = Number(process.env['RELAY_FUZZ_SECONDS'] ?? 0);
const SHORT_RUN_EXECUTIONS = 500;

/** The vectors that a target begins with, beside its corpus. */
const SEEDS: Readonly<Record<string, readonly string[]>> = {
  reassembly: ['frames.json'],
  'control-bodies': ['ports.json', 'publish.json', 'refused-port.json', 'names.json', 'addresses.json', 'go-away.json'],
  addresses: [],
};

const { packet, trace } = await loadInstrumented();

describe.each(Object.entries(TARGETS))('the decoder of %s', (name, target) => {
  const folder = new URL(`./corpus/${name}/`, import.meta.url);
  const corpus = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((file) => readFileSync(new URL(file, folder)))
    : [];
  const run = (input: Uint8Array) => trace(() => target(packet, input));

  test(
    'the invariants of the decoder hold for its corpus and for inputs like it',
    () => {
      const endMs = Date.now() + seconds * 1000;
      const result = fuzz({
        corpus: [...seeds(name), ...corpus.map((file) => new Uint8Array(file))],
        random: randomNumbers(seconds > 0 ? endMs : 1),
        run,
        goesOn: (executions) => (seconds > 0 ? Date.now() < endMs : executions < SHORT_RUN_EXECUTIONS),
      });
      expect(result.executions).toBeGreaterThan(0);
      if (seconds > 0) {
        mkdirSync(folder, { recursive: true });
        for (const input of result.found) {
          writeFileSync(new URL(createHash('sha256').update(input).digest('hex').slice(0, 16), folder), input);
        }
        console.log(
          `${name}: ${result.executions} executions, ${result.before} -> ${result.after} movements of counters`,
        );
      }
    },
    seconds * 1000 + 30_000,
  );
});

function seeds(name: string): Uint8Array[] {
  const files = (SEEDS[name] ?? [`${name}.json`]).map((file) => {
    return JSON.parse(readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8')) as VectorFile;
  });
  return files.flatMap(({ accepted, tolerated, refused }) =>
    [...accepted, ...tolerated, ...refused].map(({ hex }) => bytesOf(hex)),
  );
}
