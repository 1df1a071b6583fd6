import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  DescriptorReserve,
  descriptorRoom,
  flowSockets,
  parseDescriptorLimit,
  socketsThatFit,
  warnOfFlows,
  warnOfPorts,
  type DescriptorSource,
} from '../src/index.js';

/** The text of the limits as proc(5) shows them. */
const limits = (soft: string): string =>
  [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             63432                63432                processes ',
    `Max open files            ${soft.padEnd(20)} 1048576              files     `,
    'Max locked memory         8388608              8388608              bytes     ',
  ].join('\n');

describe('the limit of descriptors', () => {
  test.each([
    ['1024', 1024],
    ['1048576', 1_048_576],
    ['unlimited', undefined],
  ])('is read from %s as %p', (soft, expected) => {
    expect(parseDescriptorLimit(limits(soft))).toBe(expected);
  });

  test('is undefined where the file does not have it', () => {
    expect(parseDescriptorLimit('')).toBeUndefined();
  });

  test('is known for this process where there is a /proc, and is above what is open', () => {
    const room = descriptorRoom();
    expect(room !== undefined).toBe(existsSync('/proc/self/limits'));
    if (room === undefined) return;
    expect(readFileSync('/proc/self/limits', 'utf8')).toContain(` ${room.limit} `);
    expect(room.open).toBeGreaterThan(2);
    expect(room.open).toBeLessThan(room.limit);
  });

  test.each([
    [{ limit: 1024, open: 30 }, 930],
    [{ limit: 20_000, open: 40 }, 19_896],
    [{ limit: 100, open: 30 }, 6],
    [{ limit: 64, open: 30 }, 1],
  ])('of %j leaves room for %i sockets beside the admin socket, files and logs', (room, expected) => {
    expect(socketsThatFit(room)).toBe(expected);
  });
});

describe('configured flows and ports', () => {
  const warned = () => {
    const warnings: unknown[] = [];
    const infos: unknown[] = [];
    return {
      ...{ warnings, infos },
      warn: (message: string, fields?: object) => void warnings.push([message, fields]),
      info: (message: string, fields?: object) => void infos.push([message, fields]),
    };
  };
  const room = { limit: 1024, open: 30 };

  test('stay as they are where they fit below the limit', () => {
    const log = warned();
    expect([flowSockets(room, undefined), flowSockets(room, 5000), flowSockets(undefined, undefined)]).toEqual([
      930,
      930,
      undefined,
    ]);
    warnOfFlows(log, 930, room, 930);
    warnOfFlows(log, 50_000, undefined, undefined);
    warnOfPorts(log, 930, room);
    warnOfPorts(log, 930, undefined);
    expect(log.warnings).toEqual([]);
  });

  test('that do not fit have fewer sockets, and the log says how many and what to do', () => {
    const log = warned();
    expect(flowSockets(room, 21_174)).toBe(930);
    warnOfFlows(log, 50_000, room, 21_174);
    expect(log.warnings).toEqual([
      [
        'maxFlows does not fit below the limit of open files, which bounds the sockets of flows: raise the limit (ulimit -n, LimitNOFILE=)',
        { limit: 1024, configured: 50_000, sockets: 930 },
      ],
    ]);
    expect(log.infos).toEqual([
      [
        'maxFlows does not fit into the ports of this host (net.ipv4.ip_local_port_range)',
        { configured: 50_000, sockets: 21_174 },
      ],
    ]);
  });

  test('are named in the log where the ports do not fit', () => {
    const log = warned();
    warnOfPorts(log, 931, room);
    expect(log.warnings).toEqual([
      [
        'the ports of all forwards do not fit below the limit of open files: raise the limit (ulimit -n, LimitNOFILE=)',
        { limit: 1024, configured: 931, fitting: 930 },
      ],
    ]);
  });
});

/**
 * A table of descriptors with room for a fixed number. Code other than the reserve takes them too.
 */
class Table implements DescriptorSource {
  capacity: number;
  taken = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get free(): number {
    return this.capacity - this.taken;
  }

  open(): number {
    if (this.free <= 0) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    return this.taken++;
  }

  close(): void {
    this.taken--;
  }
}

describe('the reserve of descriptors', () => {
  const started = (capacity: number) => {
    const table = new Table(capacity);
    const changes: boolean[] = [];
    const reserve = new DescriptorReserve((isShort) => changes.push(isShort), table);
    return { table, changes, reserve };
  };

  test('opens spares, gives them up when an operation runs out, and reports that once', () => {
    const { table, changes, reserve } = started(100);
    expect(table.taken).toBe(16);
    table.taken = 100;
    reserve.ranOut();
    reserve.ranOut();
    expect(reserve.isShort).toBe(true);
    expect(changes).toEqual([true]);
    expect(table.free).toBe(16);
  });

  test('finds a shortage before any operation runs into it', () => {
    const { table, changes, reserve } = started(100);
    reserve.check();
    expect(reserve.isShort).toBe(false);
    expect(table.taken).toBe(16);
    table.taken = 96;
    reserve.check();
    expect(changes).toEqual([]);
    table.taken = 97;
    reserve.check();
    expect(changes).toEqual([true]);
    expect(table.free).toBe(3 + 16);
  });

  test('opens the spares again only once there is room beyond them', () => {
    const { table, changes, reserve } = started(100);
    table.taken = 100;
    reserve.check();
    table.taken = 100 - 31;
    reserve.check();
    expect(reserve.isShort).toBe(true);
    expect(table.taken).toBe(100 - 31);
    table.taken = 100 - 32;
    reserve.check();
    expect(reserve.isShort).toBe(false);
    expect(changes).toEqual([true, false]);
    expect(table.free).toBe(16);
    reserve.close();
    expect(table.free).toBe(32);
  });

  test('begins short if it cannot open its spares', () => {
    const { table, reserve } = started(10);
    expect(reserve.isShort).toBe(true);
    expect(table.free).toBe(10);
  });
});
