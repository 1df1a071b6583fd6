import { readFileSync } from 'node:fs';

/** What names of namespaces and folders of a run begin with; its process id is in it. */
export const prefixOf = (pid) => `relay-real-${pid}`;

/** Whether something with this name belongs to a run that is gone. */
export function isLeft(name) {
  const pid = /^relay-real-(\d+)(?:-|$)/.exec(name)?.[1];
  return pid !== undefined && !/\b(?:real|scale)\/main\.js/.test(commandOf(pid));
}

/** The command line of a process; empty if there is none, or only what is left of it. */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
