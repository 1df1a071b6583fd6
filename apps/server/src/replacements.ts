/** So many replaced sessions of one client within this time, in ms, are no accident. */
const SEVERAL = 3;
const WITHIN_MS = 600_000;

/** Finds invitations that are used in two places: their users take the session from each other. */
export class Replacements {
  readonly #times = new Map<string, number[]>();

  /** A session of the client was replaced. Returns whether several were, in a short time. */
  add(client: string, nowMs: number): boolean {
    const recent = (this.#times.get(client) ?? []).filter((timeMs) => nowMs - timeMs < WITHIN_MS);
    const times = [...recent, nowMs].slice(-SEVERAL);
    this.#times.set(client, times);
    return times.length >= SEVERAL;
  }
}
