/**
 * The names of one kind of log file. `relay-2026-11-23.log` is being written, and after it became
 * too long `relay-2026-11-23.1.log` (names that winston-daily-rotate-file gives);
 * `relay-2026-11-23-000001.log.gz` is archived, without `.gz` not yet compressed. The number grows
 * from one archived file to the next, over all days: it is their order, whatever the clock said.
 */
export class FileNames {
  readonly #name: string;
  readonly #live: RegExp;
  readonly #archived: RegExp;

  constructor(name: string) {
    const escaped = name.replace(/[.]/g, '\\.');
    this.#name = name;
    this.#live = new RegExp(`^${escaped}-(\\d{4}-\\d\\d-\\d\\d)(?:\\.\\d+)?\\.log$`);
    this.#archived = new RegExp(`^${escaped}-(\\d{4}-\\d\\d-\\d\\d)-(\\d{6,})\\.log(\\.gz|\\.gz\\.tmp)?$`);
  }

  /** The first file of a day. */
  live(date: string): string {
    return `${this.#name}-${date}.log`;
  }

  /** The day of a file that is or was being written, if the entry is one. */
  dateOfLive(entry: string): string | undefined {
    return this.#live.exec(entry)?.[1];
  }

  isArchived(entry: string): boolean {
    return this.#archived.test(entry);
  }

  isUncompressed(entry: string): boolean {
    return this.#archived.test(entry) && entry.endsWith('.log');
  }

  isUnfinished(entry: string): boolean {
    return this.#archived.test(entry) && entry.endsWith('.tmp');
  }

  isOurs(entry: string): boolean {
    return this.#live.test(entry) || this.#archived.test(entry);
  }

  /** The archived files among these entries, the oldest first. */
  archivedInOrder(entries: readonly string[]): string[] {
    const archived = entries.filter((entry) => this.isArchived(entry)).sort();
    return archived.sort((one, other) => this.#numberOf(one) - this.#numberOf(other));
  }

  /** The files that are or were being written, the oldest first. */
  liveInOrder(entries: readonly string[]): string[] {
    const live = entries.filter((entry) => this.#live.test(entry));
    const begun = (entry: string): string => entry.replace(/\.log$/, '');
    return live.sort((one, other) => begun(one).localeCompare(begun(other), 'en', { numeric: true }));
  }

  /** A name for the file in the archive, after all entries that are there. */
  nextArchived(entry: string, entries: readonly string[]): string {
    const date = this.dateOfLive(entry) ?? '0000-00-00';
    const last = entries.reduce((highest, other) => Math.max(highest, this.#numberOf(other)), 0);
    return `${this.#name}-${date}-${String(last + 1).padStart(6, '0')}.log`;
  }

  #numberOf(entry: string): number {
    return Number(this.#archived.exec(entry)?.[2] ?? 0);
  }
}
