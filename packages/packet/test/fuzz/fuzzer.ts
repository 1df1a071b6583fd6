/**
 * A coverage-guided fuzzer: it changes inputs of the corpus, and keeps those that move a counter as
 * no input before has.
 */

/** Random numbers from a seed (xorshift32), so that a run can be repeated. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

export interface FuzzOptions {
  readonly corpus: readonly Uint8Array[];
  readonly random: (limit: number) => number;
  /** Runs the target on an input; returns what it moved. Throws where the target is wrong. */
  readonly run: (input: Uint8Array) => number[];
  /** Asked before each execution. */
  readonly goesOn: (executions: number) => boolean;
}

export interface FuzzResult {
  readonly executions: number;
  /**
   * Counters, with how often they moved, that the corpus moved and that everything together moved.
   */
  readonly before: number;
  readonly after: number;
  /** The inputs that moved something new. */
  readonly found: Uint8Array[];
}

export function fuzz({ corpus, random, run, goesOn }: FuzzOptions): FuzzResult {
  const seen = new Set<number>();
  const inputs = corpus.length > 0 ? [...corpus] : [new Uint8Array(0)];
  for (const input of inputs) for (const moved of runNamingInput(run, input)) seen.add(moved);
  const before = seen.size;
  const found: Uint8Array[] = [];
  let executions = 0;
  for (; goesOn(executions); executions++) {
    const input = mutate(inputs, random);
    const fresh = runNamingInput(run, input).filter((moved) => !seen.has(moved));
    if (fresh.length === 0) continue;
    for (const moved of fresh) seen.add(moved);
    inputs.push(input);
    found.push(input);
  }
  return { executions, before, after: seen.size, found };
}

function runNamingInput(run: (input: Uint8Array) => number[], input: Uint8Array): number[] {
  try {
    return run(input);
  } catch (error) {
    throw new Error(`fails on ${Buffer.from(input).toString('hex')}`, { cause: error });
  }
}

const INTERESTING = [0, 1, 2, 3, 4, 0x10, 0x20, 0x21, 0x60, 0x7f, 0x80, 0x81, 0x82, 0x83, 0xfe, 0xff];
const MAX_BYTES = 400;

function mutate(inputs: readonly Uint8Array[], random: (limit: number) => number): Uint8Array {
  let bytes = [...(inputs[random(inputs.length)] ?? [])];
  for (let steps = 1 + random(4); steps > 0; steps--) {
    const at = random(bytes.length + 1);
    switch (random(7)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at] = INTERESTING[random(INTERESTING.length)] ?? 0;
        break;
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 3:
        bytes.splice(at, 1 + random(8));
        break;
      case 4:
        bytes.splice(at, 0, ...Array.from({ length: 1 + random(8) }, () => random(256)));
        break;
      case 5:
        // A sequence of two.
        bytes = [...bytes.slice(0, at), ...(inputs[random(inputs.length)] ?? [])];
        break;
      default:
        bytes.splice(at, 0, ...bytes.slice(at, at + random(16)));
    }
  }
  return Uint8Array.from(bytes.slice(0, MAX_BYTES));
}
