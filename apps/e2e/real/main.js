/**
 * Programs that others wrote, over Relay, in network namespaces. As root, after a build:
 *
 *     pnpm --filter @relay/e2e real [SCENARIO…] [--engine native|dgram]
 *
 * One line for each scenario and engine. Ends with 1 if one of them failed, with 2 if nothing could
 * be tried.
 */
import { parseArgs } from 'node:util';
import { closeLab, Lab, removeLeftLabs } from './frame/lab.js';
import { versionOf } from './frame/packages.js';
import { SCENARIOS } from './scenarios.js';

const ENGINES = ['native', 'dgram'];
/** What the frame itself needs. */
const PACKAGES = ['ethtool', 'iproute2', 'nftables', 'procps'];

process.exitCode = await main();

async function main() {
  const { names, engines, error } = wanted();
  if (error !== undefined) return refuse(error);
  if (process.getuid?.() !== 0) return refuse('it makes network namespaces: run it as root');
  const packages = [...new Set([...PACKAGES, ...names.flatMap((name) => SCENARIOS[name].packages)])];
  const missing = packages.filter((name) => versionOf(name) === undefined);
  if (missing.length > 0)
    return refuse(
      `packages are missing: apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}`,
    );

  removeLeftLabs();
  process.on('exit', closeLab);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
  let failures = 0;
  for (const name of names) {
    console.log(`${name}: ${SCENARIOS[name].packages.map((of) => `${of} ${versionOf(of)}`).join(', ')}`);
    for (const engine of engines) if (!(await tryScenario(name, engine))) failures++;
  }
  console.log(failures === 0 ? 'all work' : `${failures} failed`);
  return failures === 0 ? 0 : 1;
}

/** Returns the scenarios and engines of the command line, or what is wrong with it. */
function wanted() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { engine: { type: 'string' } } });
    const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
    const unknown = names.find((name) => !Object.hasOwn(SCENARIOS, name));
    if (unknown !== undefined)
      return { error: `no scenario ${unknown}; there are ${Object.keys(SCENARIOS).join(', ')}` };
    const { engine } = values;
    if (engine !== undefined && !ENGINES.includes(engine)) return { error: `no engine ${engine}: native or dgram` };
    return { names, engines: engine === undefined ? ENGINES : [engine] };
  } catch ({ message }) {
    return { error: message };
  }
}

/** Runs a scenario in a lab of its own, prints its line, and returns true if it succeeded. */
async function tryScenario(name, engine) {
  const began = performance.now();
  const say = (word, text) =>
    console.log(`${name} ${engine} ${word} ${((performance.now() - began) / 1_000).toFixed(1)} s ${text}`);
  let lab;
  try {
    lab = new Lab(engine);
    const seen = await SCENARIOS[name].run(lab);
    const drops = await lab.relay.drops();
    const kernel = Object.entries(await lab.kernelDrops()).map(([place, count]) => `kernel at ${place} ${count}`);
    const warnings = lab.relay.warnings.map((text) => `warning of the ${text}`);
    await lab.relay.stop();
    say('ok', [seen, drops, ...kernel, ...warnings].join('; '));
    return true;
  } catch (error) {
    const drops = await lab?.relay?.drops().catch((fault) => fault.message);
    say('FAILED', [error.message, drops, ...(lab?.relay?.logs ?? [])].join('\n  '));
    return false;
  } finally {
    closeLab();
  }
}

function refuse(text) {
  console.error(`real: ${text}`);
  return 2;
}
