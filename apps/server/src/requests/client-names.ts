import type { Machine, NameAnswer } from '@relay/program';

/** Questions of one client that may wait for an answer at a time. */
const PENDING_PER_CLIENT = 8;
/** Look-ups under way at a time, of all clients: each needs a file descriptor. */
const AT_ONCE = 32;
/** In ms: a question is answered after this time, if no name server did, with `unavailable`. */
const PATIENCE_MS = 3000;
/** In ms: how long an answer is used again, whatever its owner says. */
const LEAST_KEPT_MS = 5000;
const LONGEST_KEPT_MS = 300_000;
const NOT_FOUND_KEPT_MS = 5000;
const UNAVAILABLE_KEPT_MS = 1000;
/** Answers that are kept. */
const KEPT = 1024;

/** The answer to a client's question; `limit`: it has asked too much at a time. */
export type ClientNameAnswer = NameAnswer | 'limit';

/** One look-up, for all who ask for the name. */
interface Look {
  readonly name: string;
  readonly endMs: number;
  /** The clients that wait for it, once for each question. */
  readonly askers: string[];
  readonly answer: (answer: NameAnswer) => void;
  readonly answered: Promise<NameAnswer>;
}

interface Kept {
  readonly answer: NameAnswer;
  readonly untilMs: number;
}

/**
 * The names that clients ask for: bounded for each client, answered in time, and fair. Of those
 * that wait, the name is next whose client has the fewest look-ups under way.
 */
export class ClientNames {
  readonly #machine: Pick<Machine, 'clock' | 'schedule' | 'queryName'>;
  readonly #waiting = new Map<string, Look>();
  readonly #underWay = new Map<string, Look>();
  readonly #kept = new Map<string, Kept>();
  /** Questions that wait for an answer, and look-ups under way, of each client that has any. */
  readonly #pending = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #closing = new AbortController();
  #runningCount = 0;

  constructor(machine: Pick<Machine, 'clock' | 'schedule' | 'queryName'>) {
    this.#machine = machine;
  }

  /** Asks for a name, for the client of this key. */
  async ask(client: string, asked: string): Promise<ClientNameAnswer> {
    const name = asked.replace(/\.$/, '').toLowerCase();
    const kept = this.#keptAnswer(name);
    if (kept !== undefined) return kept;
    if ((this.#pending.get(client) ?? 0) >= PENDING_PER_CLIENT) return 'limit';
    const look = this.#underWay.get(name) ?? this.#waiting.get(name) ?? this.#newLook(name);
    look.askers.push(client);
    add(this.#pending, client, 1);
    this.#startNext();
    return look.answered;
  }

  /** Answers all questions with `unavailable`. */
  close(): void {
    this.#closing.abort();
    for (const look of [...this.#waiting.values(), ...this.#underWay.values()]) this.#finish(look, 'unavailable');
  }

  #keptAnswer(name: string): NameAnswer | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    const leftMs = kept.untilMs - this.#machine.clock();
    if (!(leftMs > 0)) return void this.#kept.delete(name);
    return typeof kept.answer === 'string' ? kept.answer : { ...kept.answer, ttlMs: leftMs };
  }

  #newLook(name: string): Look {
    const cancel = this.#machine.schedule(PATIENCE_MS, () => this.#finish(look, 'unavailable'));
    let answer: Look['answer'] = cancel;
    const answered = new Promise<NameAnswer>((resolve) => {
      answer = (given) => {
        cancel();
        resolve(given);
      };
    });
    const look: Look = { name, endMs: this.#machine.clock() + PATIENCE_MS, askers: [], answer, answered };
    this.#waiting.set(name, look);
    return look;
  }

  #startNext(): void {
    while (this.#runningCount < AT_ONCE) {
      const look = this.#next();
      if (look === undefined) return;
      this.#waiting.delete(look.name);
      this.#underWay.set(look.name, look);
      void this.#run(look);
    }
  }

  #next(): Look | undefined {
    let [next, fewest]: [Look | undefined, number] = [undefined, Infinity];
    for (const look of this.#waiting.values()) {
      const running = Math.min(...look.askers.map((client) => this.#running.get(client) ?? 0));
      if (running < fewest) [next, fewest] = [look, running];
      if (fewest === 0) break;
    }
    return next;
  }

  async #run(look: Look): Promise<void> {
    const { clock, queryName } = this.#machine;
    const clients = new Set(look.askers);
    this.#runningCount++;
    for (const client of clients) add(this.#running, client, 1);
    const leftMs = Math.max(1, look.endMs - clock());
    const answer = await queryName(look.name, leftMs, this.#closing.signal).catch(() => 'unavailable' as const);
    this.#runningCount--;
    for (const client of clients) add(this.#running, client, -1);
    this.#keep(look.name, answer);
    this.#finish(look, answer);
    this.#startNext();
  }

  #finish(look: Look, answer: NameAnswer): void {
    const isPending = [this.#waiting, this.#underWay].some((looks) => looks.get(look.name) === look);
    if (!isPending) return;
    this.#waiting.delete(look.name);
    this.#underWay.delete(look.name);
    for (const client of look.askers) add(this.#pending, client, -1);
    look.answer(typeof answer === 'string' ? answer : { ...answer, ttlMs: keptFor(answer) });
  }

  #keep(name: string, answer: NameAnswer): void {
    this.#kept.delete(name); // so that it becomes the newest
    this.#kept.set(name, { answer, untilMs: this.#machine.clock() + keptFor(answer) });
    if (this.#kept.size <= KEPT) return;
    for (const oldest of this.#kept.keys()) return void this.#kept.delete(oldest);
  }
}

function keptFor(answer: NameAnswer): number {
  if (answer === 'not-found') return NOT_FOUND_KEPT_MS;
  if (answer === 'unavailable') return UNAVAILABLE_KEPT_MS;
  return Math.min(Math.max(LEAST_KEPT_MS, answer.ttlMs), LONGEST_KEPT_MS);
}

/** Adds to the number of a client; those of 0 are left out. */
function add(numbers: Map<string, number>, client: string, difference: number): void {
  const sum = (numbers.get(client) ?? 0) + difference;
  if (sum > 0) numbers.set(client, sum);
  else numbers.delete(client);
}
