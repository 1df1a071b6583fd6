import { existsSync } from 'node:fs';

/** What namespaces and folders of a run begin with; the process id of the run follows. */
export const prefixOf = (pid) => `relay-real-${pid}`;

/** Whether something with this name belongs to a run that is gone. */
export function isLeft(name) {
  const pid = /^relay-real-(\d+)(?:-|$)/.exec(name)?.[1];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}
