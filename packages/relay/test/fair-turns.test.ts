// One client's flood took the server from everybody: packets of all clients waited in one line.
import { describe, expect, test } from '@jest/globals';
import { PACKED_ENDPOINT_BYTES, type DatagramBatch } from '@relay/packet';
import { FairTurns } from '../src/fair-turns.js';

/** A loop on which each packet takes as many tenths of a ms as its second byte says. */
class Stage {
  nowMs = 1000;
  readonly done: { readonly client: string; readonly number: number; readonly atMs: number }[] = [];
  readonly spentMs = new Map<string, number>();
  dropped = 0;
  turns = 0;
  /** Where packets have lain that had waited. */
  readonly memory = new Set<ArrayBufferLike>();
  #later: (() => void)[] = [];
  /** What was worked on within this turn, and how it was then. */
  #seen: { readonly bytes: Uint8Array; readonly then: Uint8Array }[] = [];
  readonly fair = new FairTurns({
    clock: () => this.nowMs,
    take: (batch, i) => this.#take(batch, i),
    clientOf: (batch, i) => clientAt(batch, i),
    turned: () => this.#turned(),
    soon: (run) => this.#later.push(run),
    dropped: () => this.dropped++,
  });

  get isWaiting(): boolean {
    return this.#later.length > 0;
  }

  /** The sockets have delivered: what was put off runs. */
  endTurn(): void {
    for (const run of this.#later.splice(0)) run();
  }

  clientsDone(): string {
    return this.done.map(({ client }) => client).join('');
  }

  /** What a packet brings may leave at the end of its turn only. */
  #turned(): void {
    this.turns++;
    expect(this.#seen.every(({ bytes, then }) => Buffer.compare(bytes, then) === 0)).toBe(true);
    this.#seen = [];
  }

  #take(batch: DatagramBatch, i: number): number {
    const offset = batch.offsets[i] ?? 0;
    const bytes = batch.bytes.subarray(offset, offset + (batch.lengths[i] ?? 0));
    if (batch.count === 1) {
      this.memory.add(bytes.buffer);
      this.#seen.push({ bytes, then: bytes.slice() });
    }
    const [, tenths = 0, high = 0, low = 0] = batch.bytes.subarray(offset);
    const client = clientAt(batch, i) ?? '-';
    this.nowMs += tenths / 10;
    this.spentMs.set(client, (this.spentMs.get(client) ?? 0) + tenths / 10);
    this.done.push({ client, number: high * 256 + low, atMs: this.nowMs });
    expect(batch.sources[i * PACKED_ENDPOINT_BYTES]).toBe(client.charCodeAt(0));
    return tenths;
  }
}

function clientAt({ bytes, offsets }: DatagramBatch, i: number): string | undefined {
  const letter = String.fromCharCode(bytes[offsets[i] ?? 0] ?? 0);
  return letter === '-' ? undefined : letter;
}

let number = 0;

/** A batch of packets of these clients, each a letter, which take so many tenths of a ms. */
function batchOf(clients: string, tenths = 1, bytesEach = 4): DatagramBatch {
  const count = clients.length;
  const bytes = new Uint8Array(count * bytesEach);
  const sources = new Uint8Array(count * PACKED_ENDPOINT_BYTES);
  const offsets = Uint32Array.from({ length: count }, (_, i) => i * bytesEach);
  for (let i = 0; i < count; i++) {
    number++;
    bytes.set([clients.charCodeAt(i), tenths, number >> 8, number & 255], i * bytesEach);
    sources[i * PACKED_ENDPOINT_BYTES] = clients.charCodeAt(i);
  }
  const lengths = new Uint32Array(count).fill(bytesEach);
  return { count, bytes, offsets, lengths, sources, locals: new Uint8Array(sources.length) };
}

/** Lets the stage take a batch of its own, whose bytes are used again at once. */
function receive(stage: Stage, batch: DatagramBatch): void {
  stage.fair.receive(batch, stage.nowMs);
  batch.bytes.fill(0);
}

describe('turns of clients', () => {
  test('let packets through as they come, as long as that takes little time', () => {
    const stage = new Stage();
    receive(stage, batchOf('aaabbbabab'));
    expect([stage.clientsDone(), stage.isWaiting]).toEqual(['aaabbbabab', false]);
  });

  test('serve who sends little at once, while who sends much waits', () => {
    const stage = new Stage();
    receive(stage, batchOf(`${'a'.repeat(200)}b`));
    expect(stage.clientsDone().endsWith('b')).toBe(true);
    expect(stage.done.length).toBeLessThan(80);
    const [first] = stage.done.filter(({ client }) => client === 'b');
    expect((first?.atMs ?? Infinity) - 1000).toBeLessThan(8);
    while (stage.isWaiting) stage.endTurn();
    expect([stage.done.length, stage.dropped]).toEqual([201, 0]);
  });

  test('keep the order of each client', () => {
    const stage = new Stage();
    for (let round = 0; round < 20; round++) {
      receive(stage, batchOf('aabaacaab'.repeat(10)));
      stage.endTurn();
    }
    while (stage.isWaiting) stage.endTurn();
    for (const client of 'abc') {
      const numbers = stage.done.filter((one) => one.client === client).map((one) => one.number);
      expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
    }
    expect(stage.done.length).toBe(1800);
  });

  test.each([
    ['as many packets, which cost ten times as much', 'ab', 10],
    ['ten times as many packets', 'aaaaaaaaaab', 1],
  ])('give each of two that send too much half of the time, if one sends %s', (_, pattern, dear) => {
    const stage = new Stage();
    for (let round = 0; round < 500; round++) {
      receive(stage, batchOf(pattern.replaceAll('b', '').repeat(40), dear, 400));
      receive(stage, batchOf('b'.repeat(60), 1, 400));
      stage.endTurn();
    }
    const [a = 0, b = 0] = [stage.spentMs.get('a'), stage.spentMs.get('b')];
    expect(a / (a + b)).toBeLessThan(0.6);
    expect(a / (a + b)).toBeGreaterThan(0.4);
  });

  // While packets that waited were worked on for 4 ms, the kernel lost those of other clients.
  test.each([
    ['only briefly while more comes than is read at once', 8, 0.5],
    ['for longer where little comes', 1, 1],
  ])('serve what waits %s', (_, batches, longestMs) => {
    const stage = new Stage();
    receive(stage, batchOf('a'.repeat(400)));
    const turns: number[] = [];
    for (let round = 0; round < 10; round++) {
      const startMs = stage.nowMs;
      for (let i = 0; i < batches; i++) receive(stage, batchOf('a'.repeat(32)));
      stage.endTurn();
      turns.push(stage.nowMs - startMs);
    }
    expect(Math.max(...turns.slice(1))).toBeLessThanOrEqual(longestMs + 0.3);
    expect(Math.max(...turns)).toBeGreaterThan(longestMs - 0.3);
  });

  test('keep no more than half a MiB of one client, and count what is beyond', () => {
    const stage = new Stage();
    for (let round = 0; round < 30; round++) receive(stage, batchOf('a'.repeat(64), 100, 1400));
    const kept = 30 * 64 - stage.done.length - stage.dropped;
    expect(kept * 1448).toBeLessThanOrEqual(1 << 19);
    expect(stage.dropped).toBeGreaterThan(1000);
    while (stage.isWaiting) stage.endTurn();
    expect(stage.done.length + stage.dropped).toBe(30 * 64);
  });

  test('use the memory of packets that have left again', () => {
    const stage = new Stage();
    for (let round = 0; round < 400; round++) {
      receive(stage, batchOf('a'.repeat(64), 1, 1400));
      stage.endTurn();
    }
    expect(stage.done.length).toBeGreaterThan(4000);
    expect(stage.memory.size).toBeGreaterThan(0);
    expect(stage.memory.size).toBeLessThan(45);
  });

  test('take packets of nobody as they come, and end when nothing waits', () => {
    const stage = new Stage();
    receive(stage, batchOf(`${'a'.repeat(100)}--`));
    expect(stage.clientsDone().endsWith('--')).toBe(true);
    while (stage.isWaiting) stage.endTurn();
    stage.nowMs += 100;
    receive(stage, batchOf('aaa'));
    expect(stage.isWaiting).toBe(false);
  });

  test('forget what waits when they are cleared', () => {
    const stage = new Stage();
    receive(stage, batchOf('a'.repeat(200)));
    stage.fair.clear();
    const before = stage.done.length;
    stage.endTurn();
    expect([stage.done.length, stage.isWaiting]).toEqual([before, false]);
  });
});
