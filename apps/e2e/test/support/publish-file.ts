import { writeFileSync } from 'node:fs';
import { ask } from './admin.js';
import type { Client } from './client.js';

/** A client's configuration file, which says what it publishes. */
export class PublishFile {
  readonly path: string;

  constructor(path: string, ...publishes: readonly string[]) {
    this.path = path;
    this.write(...publishes);
  }

  write(...publishes: readonly string[]): void {
    writeFileSync(this.path, `publish = [${publishes.map((publish) => `"${publish}"`).join(', ')}]\n`);
  }

  /** Writes the file, and has the client that runs with it read it again. Returns the changes. */
  async reload(client: Client, ...publishes: readonly string[]): Promise<readonly string[]> {
    this.write(...publishes);
    const { changes } = await ask<{ changes: string[] }>(client.admin, 'reload');
    return changes;
  }
}
