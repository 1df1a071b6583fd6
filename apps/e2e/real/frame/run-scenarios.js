/**
 * The command line of scenarios: `[SCENARIO…] [--engine native|dgram]`. Each runs on each engine in
 * a lab of its own, which is removed whatever happens.
 */
import { parseArgs } from 'node:util';
import { closeLab, Lab, removeLeftLabs } from './lab.js';
import { versionOf } from './packages.js';

const ENGINES = ['native', 'dgram'];
/** What the frame itself needs. */
const PACKAGES = ['ethtool', 'iproute2', 'nftables', 'procps'];

/**
 * Runs the scenarios that the command line names, or all. Each is an object with `packages` of
 * Debian, the `engines` that it is for (both if not given), and `run(lab)`, which starts what it
 * needs, throws if something is not as it should be, and returns what was seen. Resolves to the
 * exit code.
 */
export async function runScenarios(script, scenarios) {
  const { names, engines, error } = wanted(scenarios);
  const refuse = (text) => {
    console.error(`${script}: ${text}`);
    return 2;
  };
  if (error !== undefined) return refuse(error);
  if (process.getuid?.() !== 0) return refuse('it makes network namespaces: run it as root');
  const packages = [...new Set([...PACKAGES, ...names.flatMap((name) => scenarios[name].packages)])];
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
    const { packages: own, engines: possible = ENGINES } = scenarios[name];
    if (own.length > 0) console.log(`${name}: ${own.map((of) => `${of} ${versionOf(of)}`).join(', ')}`);
    for (const engine of engines.filter((one) => possible.includes(one)))
      if (!(await tryScenario(name, scenarios[name], engine))) failures++;
  }
  console.log(failures === 0 ? 'all work' : `${failures} failed`);
  return failures === 0 ? 0 : 1;
}

/** Returns the scenarios and engines of the command line, or what is wrong with it. */
function wanted(scenarios) {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { engine: { type: 'string' } } });
    const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
    const unknown = names.find((name) => !Object.hasOwn(scenarios, name));
    if (unknown !== undefined)
      return { error: `no scenario ${unknown}; there are ${Object.keys(scenarios).join(', ')}` };
    const { engine } = values;
    if (engine !== undefined && !ENGINES.includes(engine)) return { error: `no engine ${engine}: native or dgram` };
    return { names, engines: engine === undefined ? ENGINES : [engine] };
  } catch ({ message }) {
    return { error: message };
  }
}

/** Runs a scenario in a lab of its own, prints its line, and returns true if it succeeded. */
async function tryScenario(name, scenario, engine) {
  const began = performance.now();
  const say = (word, text) =>
    console.log(`${name} ${engine} ${word} ${((performance.now() - began) / 1_000).toFixed(1)} s ${text}`);
  let lab;
  try {
    lab = new Lab(engine);
    const seen = await scenario.run(lab);
    const drops = await dropsOf(lab);
    const kernel = Object.entries(await lab.kernelDrops()).map(([place, count]) => `kernel at ${place} ${count}`);
    const warnings = lab.relays.flatMap((relay) => relay.warnings).map((text) => `warning of the ${text}`);
    for (const relay of lab.relays) await relay.stop();
    say('ok', [seen, ...drops, ...kernel, ...warnings].join('; '));
    return true;
  } catch (error) {
    const drops = await dropsOf(lab).catch((fault) => [fault.message]);
    const logs = lab?.relays.flatMap((relay) => relay.logs) ?? [];
    say('FAILED', [error.message, ...drops, ...logs].join('\n  '));
    return false;
  } finally {
    closeLab();
  }
}

/** What each relay of a lab has dropped, in words; throws if a datagram is not accounted for. */
async function dropsOf(lab) {
  const found = [];
  for (const relay of lab?.relays ?? []) found.push(await relay.drops());
  return found;
}
