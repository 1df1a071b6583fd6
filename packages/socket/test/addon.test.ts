// The addon trusts no number from JavaScript. Under the sanitizers (`pnpm sanitize`) this shows
// that it reads and writes no foreign memory.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SocketError } from '../src/index.js';
import { loadAddon, type Addon } from '../src/native/addon.js';
import { NativeLoop } from '../src/native/native-loop.js';

const addon =
  process.env['RELAY_SOCKET_ENGINE'] === 'dgram' ? new SocketError('engine-unavailable', 'create') : loadAddon();

test('the addon loads, or an error says why not', () => {
  expect(addon instanceof SocketError ? addon.code : addon.SLOTS).toEqual(
    addon instanceof SocketError ? 'engine-unavailable' : 32,
  );
});

if (!(addon instanceof SocketError)) describeAddon(addon);

function describeAddon(addon: Addon): void {
  describe('the addon', () => {
    const { calls, report } = new NativeLoop(addon);
    const functions = Object.entries<(...values: never[]) => unknown>({ ...calls });

    const anything = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(undefined, null, true, '', Number.NaN, -1, 0, 1, 7, 8, 2 ** 20, 2 ** 31, 2 ** 32 - 1, 2 ** 32),
      fc.integer({ min: 0, max: 5000 }).map((length) => new Uint8Array(length)),
      fc.integer({ min: 0, max: 300 }).map((length) => new Uint32Array(length).fill(0xffffffff)),
      fc.constantFrom(new Float64Array(1), new DataView(new ArrayBuffer(8)), {}, []),
    );

    test.each(functions)('throws or refuses any argument of %s', (name, call) => {
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 9 }), (values) => {
          let result: unknown;
          try {
            result = Reflect.apply(call, undefined, values);
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
            return;
          }
          // A well-formed batch may be kept. Everything else needs a socket, and there is none.
          if (name !== 'prepare') expect(result).toBeLessThan(0);
        }),
        { numRuns: 300 },
      );
    });

    test('sends nothing from beyond the arrays of a batch, prepared or not', () => {
      const number = 3;
      const local = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      const options = new Uint32Array(addon.OPTION_WORDS);
      options[0] = 4;
      expect(calls.open(number, options, local, undefined)).toBe(0);
      expect(calls.open(number, options, local, undefined)).toBeLessThan(0);
      expect(calls.open(2 ** 20, options, local, undefined)).toBeLessThan(0);
      calls.local(number, local);
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 100 }),
          fc.array(fc.tuple(fc.nat(120), fc.nat(120)), { maxLength: 8 }),
          fc.nat(10),
          fc.nat(10),
          fc.integer({ min: 1, max: 8 }),
          fc.nat(9),
          (bytes, pieces, from, count, destinations, batch) => {
            const offsets = Uint32Array.from(pieces, ([offset]) => offset);
            const lengths = Uint32Array.from(pieces, ([, length]) => length);
            const to = new Uint8Array(24 * destinations);
            for (let i = 0; i < destinations; i++) to.set(local, 24 * i);
            const isWithin =
              from <= count &&
              count <= Math.min(pieces.length, destinations) &&
              pieces.slice(from, count).every(([offset, length]) => offset + length <= bytes.length);
            const done = calls.send(number, from, count, bytes, offsets, lengths, to, undefined);
            if (isWithin) expect([done, report[0]]).toEqual([count, count - from]);
            else expect(done).toBeLessThan(0);
            if (batch >= addon.PREPARED_BATCHES) return;
            calls.prepare(batch, bytes, offsets, lengths, to, undefined);
            const doneAgain = calls.sendPrepared(number, from, count, batch);
            expect(Math.max(-1, doneAgain)).toBe(Math.max(-1, done));
          },
        ),
        { numRuns: 500 },
      );
      calls.close(number);
      expect(() => calls.close(number)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    });

    // A worker changed the lengths between the check and the use: memory of others was sent.
    test.each([0, 1, 2, 3, 4])('refuses array %d of a batch in memory that workers share', (shared) => {
      const batch = [
        new Uint8Array(24),
        new Uint32Array(1),
        new Uint32Array(1),
        new Uint8Array(24),
        new Uint8Array(24),
      ];
      const at = batch[shared] ?? batch[0];
      const inShared =
        at instanceof Uint32Array
          ? new Uint32Array(new SharedArrayBuffer(at.byteLength))
          : new Uint8Array(new SharedArrayBuffer(24));
      const arrays = batch.map((array, i) => (i === shared ? inShared : array));
      const call = functions.find(([name]) => name === 'prepare')?.[1];
      const prepare = (values: readonly unknown[]): unknown => call && Reflect.apply(call, undefined, [0, ...values]);
      expect(() => prepare(arrays)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
      expect(prepare(batch)).toBeUndefined();
    });
  });
}
