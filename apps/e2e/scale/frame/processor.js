import { readdirSync, readFileSync } from 'node:fs';

/** How long all threads of these processes have run, ns. */
export const ranNs = (pids) => pids.reduce((sum, pid) => sum + ranNsOf(pid), 0);

function ranNsOf(pid) {
  const folder = `/proc/${pid}/task`;
  const texts = readdirSync(folder).map((task) => readFileSync(`${folder}/${task}/schedstat`, 'utf8'));
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
}

/**
 * How long the main thread of a process has run, and has waited for a processor that others had:
 * together the time for which it had work.
 */
export function loadOf(pid) {
  const [ranNs, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { ranNs, waitedNs };
}

/** The number in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
