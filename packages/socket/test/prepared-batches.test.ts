// The addon remembers the arrays of some batches, so that a call need not pass them again.
import { describe, expect, test } from '@jest/globals';
import { SocketError, type SendBatch } from '../src/index.js';
import { loadAddon } from '../src/native/addon.js';
import { NativeLoop } from '../src/native/native-loop.js';

const addon =
  process.env['RELAY_SOCKET_ENGINE'] === 'dgram' ? new SocketError('engine-unavailable', 'create') : loadAddon();
const newBatches = (count: number): SendBatch[] =>
  Array.from({ length: count }, () => ({
    ...{ bytes: new Uint8Array(8), count: 1 },
    ...{ offsets: new Uint32Array(1), lengths: new Uint32Array(1) },
  }));

test('the addon that keeps prepared batches loads, or an error says why not', () => {
  expect(addon instanceof SocketError ? addon.code : addon.PREPARED_BATCHES).toEqual(
    addon instanceof SocketError ? 'engine-unavailable' : 8,
  );
});

if (!(addon instanceof SocketError)) {
  describe('prepared batches', () => {
    const newPrepared = () => new NativeLoop(addon).prepared;

    test('are those that come again, even if several take turns', () => {
      const prepared = newPrepared();
      const batches = newBatches(4);
      expect(batches.map((batch) => prepared.numberOf(batch))).toEqual([-1, -1, -1, -1]);
      const numbers = batches.map((batch) => prepared.numberOf(batch));
      expect(numbers).toEqual([0, 1, 2, 3]);
      for (let turn = 0; turn < 10; turn++) expect(batches.map((batch) => prepared.numberOf(batch))).toEqual(numbers);
    });

    test('do not include those that come once', () => {
      const prepared = newPrepared();
      for (const batch of newBatches(100)) expect(prepared.numberOf(batch)).toBe(-1);
    });

    test('stay in their places while they are in use, however many others come', () => {
      const prepared = newPrepared();
      const places = addon.PREPARED_BATCHES;
      const inUse = newBatches(places);
      for (const batch of inUse) for (let times = 0; times < 2; times++) prepared.numberOf(batch);
      const numbers = inUse.map((batch) => prepared.numberOf(batch));
      for (const other of newBatches(100)) {
        for (let times = 0; times < 2; times++) expect(prepared.numberOf(other)).toBe(-1);
        expect(inUse.map((batch) => prepared.numberOf(batch))).toEqual(numbers);
      }
    });

    test('make room when they are no longer in use', () => {
      const prepared = newPrepared();
      for (const batch of newBatches(addon.PREPARED_BATCHES))
        for (let times = 0; times < 2; times++) prepared.numberOf(batch);
      const [batch] = newBatches(1);
      if (batch === undefined) throw new Error('no batch');
      const numbers = Array.from({ length: 3 * addon.PREPARED_BATCHES }, () => prepared.numberOf(batch));
      expect(numbers.at(-1)).toBeGreaterThanOrEqual(0);
    });

    test('do not include those that got other arrays', () => {
      const prepared = newPrepared();
      const [batch] = newBatches(1);
      if (batch === undefined) throw new Error('no batch');
      prepared.numberOf(batch);
      expect(prepared.numberOf(batch)).toBe(0);
      batch.bytes = new Uint8Array(8);
      expect(prepared.numberOf(batch)).toBe(-1);
    });
  });
}
