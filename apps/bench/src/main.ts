import { parseArgs } from 'node:util';
import type { BenchmarkCase } from './case.js';

// The cases are in the folder of each layer. They load on demand, so that one layer does not need
// another layer's native parts.
const LAYERS: Record<string, () => Promise<{ cases: readonly BenchmarkCase[] }>> = {
  packet: () => import('./packet/cases.js'),
  socket: () => import('./socket/cases.js'),
  session: () => import('./session/cases.js'),
  relay: () => import('./relay/cases.js'),
  logging: () => import('./logging/cases.js'),
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    smoke: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const filter = positionals[0] ?? '';
const options = { seconds: values.smoke ? 0.05 : Number(values.seconds), smoke: values.smoke };

let ran = 0;
for (const load of Object.values(LAYERS)) {
  for (const benchmark of (await load()).cases) {
    const { name } = benchmark;
    if (!name.includes(filter)) continue;
    ran++;
    console.log(name);
    if (values.list) continue;
    for (const { subject, value, unit, ratio } of await benchmark.run(options)) {
      const against = ratio === undefined ? '' : `  (${ratio.toFixed(2)}×)`;
      console.log(
        `  ${subject.padEnd(40)} ${value.toLocaleString('en', { maximumFractionDigits: 2 }).padStart(16)} ${unit}${against}`,
      );
    }
  }
}
if (ran === 0) {
  console.error(`no benchmark case matches '${filter}'`);
  process.exitCode = 2;
}
