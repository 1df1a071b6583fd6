import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createInstrumenter } from 'istanbul-lib-instrument';
import type * as packetModule from '../../src/index.js';

type Package = typeof packetModule;
type Counters = Record<string, number | number[]>;
type Coverage = Record<string, { readonly s: Counters; readonly b: Counters }>;

const VARIABLE = '__relay_packet_fuzz__';

/** The package with a counter on every statement and branch. */
export interface Instrumented {
  readonly packet: Package;
  /**
   * Runs `action` and returns a number for each counter that it moved, together with how often
   * (once, some times, often).
   */
  readonly trace: (action: () => void) => number[];
}

/** Bundles the sources, instruments the bundle and loads it. */
export async function loadInstrumented(): Promise<Instrumented> {
  const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
  const instrumenter = createInstrumenter({ esModules: true, coverageVariable: VARIABLE });
  const code = instrumenter.instrumentSync(outputFiles[0]?.text ?? '', 'packet.js');
  const folder = await mkdtemp(join(tmpdir(), 'relay-packet-fuzz-'));
  const file = join(folder, 'packet.mjs');
  await writeFile(file, code);
  const packet = (await import(pathToFileURL(file).href)) as Package;
  await rm(folder, { recursive: true });

  const coverage = (Reflect.get(globalThis, VARIABLE) as Coverage | undefined)?.['packet.js'];
  if (coverage === undefined) throw new Error('the bundle is not instrumented');
  const { s: statements, b: branches } = coverage;
  const statementKeys = Object.keys(statements);
  const branchCounts = Object.values(branches).filter((counts) => Array.isArray(counts));
  return {
    packet,
    trace(action) {
      for (const key of statementKeys) statements[key] = 0;
      for (const counts of branchCounts) counts.fill(0);
      action();
      const moved: number[] = [];
      let id = 0;
      for (const key of statementKeys) id = note(moved, id, Number(statements[key]));
      for (const counts of branchCounts) for (const count of counts) id = note(moved, id, count);
      return moved;
    },
  };
}

/**
 * Counts are told apart as 1, 2–3, 4–7, 8–31 and more, so that loops matter but do not flood the
 * corpus.
 */
function note(moved: number[], id: number, count: number): number {
  if (count > 0) moved.push(id * 8 + (count < 8 ? 32 - Math.clz32(count) : count < 32 ? 4 : 5));
  return id + 1;
}
