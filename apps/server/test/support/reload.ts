import type { ClientFiles, FilesChange } from '../../src/state/client-files.js';

/** What a look at all files finds, taken together. */
export function reload(files: ClientFiles): FilesChange {
  const found = [...files.lookAtAll()];
  return {
    change: {
      changed: found.flatMap(({ change }) => change.changed),
      gone: found.flatMap(({ change }) => change.gone),
    },
    revoked: found.flatMap(({ revoked }) => revoked),
    faults: found.flatMap(({ faults }) => faults),
  };
}
