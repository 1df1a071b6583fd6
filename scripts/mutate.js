// Changes one random token after the other in a copy of a package (a comparison, an operator, a
// constant, a removed call) and runs the package's tests on each: they must notice. See
// docs/testing.md. `node scripts/mutate.js packages/session [--seed 1] [--count 50] [--skip
// crypto/] [--only 3,7] [--at-least 85]`
import { relative, join } from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';

import { candidatesOf } from './mutation/candidates.js';
import { PackageCopy } from './mutation/package-copy.js';

const root = join(import.meta.dirname, '..');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '50' },
    skip: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    'at-least': { type: 'string', default: '85' },
    list: { type: 'boolean', default: false },
  },
});
const packageFolder = relative(root, positionals[0] ?? '.');
const picked = pick(candidatesOfPackage(), Number(options.count), randomFrom(Number(options.seed)));
const only = options.only?.split(',').map(Number);
const mutants = picked
  .map((mutant, i) => ({ ...mutant, number: i + 1 }))
  .filter(({ number }) => !only || only.includes(number));

if (options.list) for (const mutant of mutants) console.log(shown(mutant));
else await run();

async function run() {
  const copy = new PackageCopy(root, packageFolder);
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  process.once('exit', () => copy.remove());
  const { tests, totalMs } = await copy.runUnbroken();
  console.log(
    `${packageFolder}, seed ${options.seed}: ${mutants.length} changes; ${tests} test files take ${seconds(totalMs)} s`,
  );
  const survivors = [];
  for (const mutant of mutants) {
    const { noticedBy, tests } = await copy.tryChange(mutant);
    const verdict = noticedBy ?? (tests === 0 ? 'no test comes by here' : `${tests} test files come by here`);
    if (!noticedBy) survivors.push(`${shown(mutant)}   (${verdict})`);
    console.log(`${noticedBy ? 'noticed ' : 'SURVIVED'} ${shown(mutant)}   (${verdict})`);
  }
  report(survivors);
  process.exit();
}

function report(survivors) {
  const noticed = mutants.length - survivors.length;
  const percent = (noticed / mutants.length) * 100;
  if (survivors.length > 0) console.log('\nNot noticed:');
  for (const survivor of survivors) console.log(`  ${survivor}`);
  console.log(
    `\n${packageFolder}, seed ${options.seed}: ${noticed} of ${mutants.length} noticed (${percent.toFixed(0)} %)`,
  );
  process.exitCode = percent >= Number(options['at-least']) ? 0 : 1;
}

function candidatesOfPackage() {
  const configFile = join(root, packageFolder, 'tsconfig.json');
  const host = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(String(problem.messageText));
    },
  };
  const { fileNames, options: compilerOptions } = ts.getParsedCommandLineOfConfigFile(configFile, {}, host);
  const program = ts.createProgram(fileNames, compilerOptions);
  const checker = program.getTypeChecker();
  return fileNames
    .filter((name) => !name.endsWith('.d.ts'))
    .sort()
    .flatMap((name) => {
      const source = program.getSourceFile(name);
      const file = relative(join(root, packageFolder), name);
      if (options.skip.some((part) => file.includes(part))) return [];
      const lines = source.text.split('\n');
      return candidatesOf(source, checker).map((candidate) => ({
        ...candidate,
        file,
        lines: linesOf(source, candidate),
        from: source.text.slice(candidate.start, candidate.end),
        context: lines[candidate.line - 1].trim(),
      }));
    });
}

function linesOf(source, { start, end }) {
  const [first, last] = [start, end].map((at) => source.getLineAndCharacterOfPosition(at).line + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function pick(candidates, count, random) {
  const left = [...candidates];
  const chosen = [];
  while (chosen.length < count && left.length > 0) {
    const [candidate] = left.splice(Math.floor(random() * left.length), 1);
    const { alternatives } = candidate;
    chosen.push({ ...candidate, text: alternatives[Math.floor(random() * alternatives.length)] });
  }
  return chosen;
}

function shown({ number, file, line, column, from, text, context }) {
  const [before, after] = [from, text].map((code) => code.replaceAll(/\s+/g, ' '));
  return `#${number} ${file}:${line}:${column}  ${before} → ${after}   | ${context}`;
}

function seconds(ms) {
  return Math.round(ms / 100) / 10;
}

/** mulberry32: the same numbers in [0, 1) for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
