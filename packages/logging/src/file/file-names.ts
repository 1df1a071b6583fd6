/**
 * The names of one kind of log file. `relay-2026-11-23.log` is being written, and after it became
 * too long `relay-2026-11-23.1.log` (names that winston-daily-rotate-file gives);
 * `relay-2026-11-23-000001.log.gz` is archived, without `.gz` not yet compressed. Sorted by name,
 * archived files are in the order of their time.
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

  /** A name for the file in the archive that no entry has, compressed or not. */
  nextArchived(entry: string, entries: readonly string[]): string {
    const date = this.dateOfLive(entry) ?? '0000-00-00';
    let last = 0;
    for (const other of entries) {
      const [, day, number] = this.#archived.exec(other) ?? [];
      if (day === date) last = Math.max(last, Number(number));
    }
    return `${this.#name}-${date}-${String(last + 1).padStart(6, '0')}.log`;
  }
}
