import { describe, expect, test } from '@jest/globals';
import { AddressWatch } from '../src/address-watch.js';

/** A host with addresses that a test changes; undefined: the system cannot tell them now. */
function watched(): { readonly watch: AddressWatch; readonly host: { addresses: string[] | undefined } } {
  const host: { addresses: string[] | undefined } = { addresses: ['127.0.0.1', '10.0.0.2'] };
  const watch = new AddressWatch({
    localAddresses: () => {
      if (host.addresses === undefined) throw new Error('EMFILE');
      return host.addresses;
    },
  });
  return { watch, host };
}

describe("the look at this host's addresses", () => {
  test('comes every half second, and tells of a change once', () => {
    const { watch, host } = watched();
    expect(watch.nextLookMs).toBe(Infinity);
    watch.begin(1000);
    expect(watch.nextLookMs).toBe(1500);
    host.addresses = ['127.0.0.1', '10.0.0.3'];
    expect([watch.lookDue(1400), watch.lookDue(1500), watch.lookDue(2000)]).toEqual([false, true, false]);
  });

  test('takes the same addresses in another order for the same', () => {
    const { watch, host } = watched();
    watch.begin(0);
    host.addresses?.reverse();
    expect(watch.lookDue(500)).toBe(false);
  });

  test('that fails changes nothing, and the next one tells', () => {
    const { watch, host } = watched();
    watch.begin(0);
    host.addresses = undefined;
    expect(watch.lookDue(500)).toBe(false);
    host.addresses = ['127.0.0.1'];
    expect(watch.lookDue(1000)).toBe(true);
  });

  test('ends with the client', () => {
    const { watch } = watched();
    watch.begin(0);
    watch.end();
    expect([watch.nextLookMs, watch.lookDue(9999)]).toEqual([Infinity, false]);
  });
});
