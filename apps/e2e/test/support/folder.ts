import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of one test, which `dispose` removes. Its path is short, because sockets lie in it.
 */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'relay-e2e-'));

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
