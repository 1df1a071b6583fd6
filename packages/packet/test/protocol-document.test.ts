import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  AEAD_TAG_BYTES,
  ANSWERS,
  CLOSE,
  COMPACT_HEADER_BYTES,
  COOKIE_REPLY_BYTES,
  COOKIE_REPLY_OFFSET,
  DROP_REASONS,
  FEATURE,
  FIRST_SKIPPABLE_FRAME,
  FIRST_SKIPPABLE_PUBLISH_ENTRY,
  FLOW_CLOSE,
  FLOW_SETTING,
  FLOW_SETTING_BOUNDS,
  FRAME,
  FRAME_LAYER_VERSION,
  GO_AWAY,
  INITIATION_BYTES,
  INITIATION_OFFSET,
  MAX_EXTENDED_HEADER_BYTES,
  MAX_FLOW_SETTINGS_BYTES,
  MAX_FRAGMENTED_BYTES,
  MAX_FRAGMENTS,
  MAX_GO_AWAY_BYTES,
  MAX_GO_AWAY_SERVERS,
  MAX_PAYLOAD_BYTES,
  MAX_PUBLISH_BYTES,
  MAX_RESOLVED_ADDRESSES,
  MAX_UDP_PACKET_HEADER_BYTES,
  MIN_TRANSPORT_BYTES,
  nextFrame,
  NOTICE,
  NOTICE_BYTES,
  NOTICE_CONTENT_BYTES,
  NOTICE_CONTENT_OFFSET,
  NOTICE_OFFSET,
  OVERSIZE,
  PACKET,
  PARAMETER,
  PARAMETER_BOUNDS,
  PUBLISH_BOUNDS,
  PUBLISH_ENTRY,
  REDUNDANCY,
  REQUEST,
  RESPONSE_BYTES,
  RESPONSE_OFFSET,
  STATUS,
  TIMESTAMP_LIMIT_US,
  TRAFFIC_CLASS,
  TRANSPORT_HEADER_BYTES,
  TRANSPORT_OFFSET,
  type IntegerBounds,
} from '../src/index.js';
import { EXTENDED_FLAG } from '../src/frames/extended.js';
import {
  FLAG_DESTINATION_IPV6,
  FLAG_SOURCE_IPV6,
  FLAG_TIMESTAMP,
  OFFSET_ENDPOINTS,
  OFFSET_FLAGS,
  OFFSET_LENGTH,
  OFFSET_VERSION,
} from '../src/udp-packet/udp-packet-header.js';
import { bytesOf, hexOf } from './vectors/vectors.js';

type Row = Readonly<Record<string, string>>;

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
// The section on the secure channel belongs to @relay/session.
const [text = ''] = page.split(/^## The secure channel$/m);
const vectors = JSON.parse(readFileSync(new URL('../vectors/frames.json', import.meta.url), 'utf8')) as {
  accepted: { name: string; hex: string; value: Record<string, unknown>[] }[];
};

/** The tables between a heading and the next one, each row by the names of its columns. */
function tablesUnder(heading: string): Row[][] {
  const section = text.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`no heading ${heading} in docs/protocol.md`);
  const tables = section.match(/(?:^\|.*\|\n)+/gm) ?? [];
  return tables.map((table) => {
    const [names = [], , ...rows] = table.trim().split('\n').map(cells);
    return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])));
  });
}

function cells(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** The only table under a heading that has this column. */
function tableWith(heading: string, column: string): Row[] {
  const table = tablesUnder(heading).find((rows) => rows.every((row) => column in row));
  if (table === undefined) throw new Error(`no table with a column ${column} under ${heading}`);
  return table;
}

function numbersByName(rows: Row[], number: string, name: string): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [row[name] ?? '', Number(row[number])]));
}

function numberOf(text = ''): number {
  const power = /^2\^(\d+)-1$/.exec(text)?.[1];
  return power === undefined ? Number(text.replaceAll(',', '')) : 2 ** Number(power) - 1;
}

/** The integers of a table of entries by name, with their bytes and bounds. */
function boundsByName(rows: Row[], name: string): Record<string, IntegerBounds> {
  const integers = rows.filter((row) => row['least'] !== '');
  return Object.fromEntries(
    integers.map((row) => {
      const bytes = bytesOfType(row['value'] ?? '') as IntegerBounds['bytes'];
      return [row[name] ?? '', { bytes, least: numberOf(row['least']), most: numberOf(row['most']) }];
    }),
  );
}

function bytesOfType(type: string): number {
  const length = /^(?:bytes|zero)\[(\d+)\]$/.exec(type)?.[1];
  if (length !== undefined) return Number(length);
  const sizes: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, address: 16, rest: 0 };
  const size = sizes[type];
  if (size === undefined) throw new Error(`unknown type ${type} in docs/protocol.md`);
  return size;
}

describe('docs/protocol.md', () => {
  test.each([
    ['Packets', 'type', 'packet', PACKET],
    ['Frames', 'type', 'frame', FRAME],
    ['Flow', 'reason', 'name', FLOW_CLOSE],
    ['Close', 'reason', 'name', CLOSE],
    ['Control', 'kind', 'request', REQUEST],
    ['Control', 'status', 'name', STATUS],
    ['Notice', 'kind', 'name', NOTICE],
    ['Parameters', 'key', 'parameter', { ...PARAMETER, reserved: 7 }],
    ['Flow settings', 'key', 'setting', FLOW_SETTING],
    ['Flow settings', 'answers', 'name', ANSWERS],
    ['Flow settings', 'redundancy', 'name', REDUNDANCY],
    ['Flow settings', 'trafficClass', 'name', TRAFFIC_CLASS],
    ['Go away', 'reason', 'name', GO_AWAY],
    ['Publish', 'key', 'entry', PUBLISH_ENTRY],
    ['Publish', 'oversize', 'name', OVERSIZE],
    ['Features', 'bit', 'feature', FEATURE],
    ['Datagram, extended', 'flag', 'name', EXTENDED_FLAG],
    [
      'UdpPacket',
      'flag',
      'name',
      { sourceIpv6: FLAG_SOURCE_IPV6, destinationIpv6: FLAG_DESTINATION_IPV6, timestamp: FLAG_TIMESTAMP },
    ],
  ])('docs/protocol.md has the numbers of the code in the tables of %s by %s', (heading, number, name, constants) => {
    expect(
      numbersByName(
        tableWith(heading, number).filter((row) => name in row),
        number,
        name,
      ),
    ).toEqual(constants);
  });

  test('docs/protocol.md names the drop reasons of the code, in their order', () => {
    expect(tableWith('Drop reasons', 'reason').map((row) => row['reason'])).toEqual([...DROP_REASONS]);
  });

  test('docs/protocol.md has the lengths of packets that the code has', () => {
    expect(Object.fromEntries(tableWith('Packets', 'bytes').map((row) => [row['packet'], row['bytes']]))).toEqual({
      initiation: String(INITIATION_BYTES),
      response: String(RESPONSE_BYTES),
      cookieReply: String(COOKIE_REPLY_BYTES),
      transport: `${MIN_TRANSPORT_BYTES} or more`,
      notice: String(NOTICE_BYTES),
    });
    expect(MIN_TRANSPORT_BYTES).toBe(TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES);
  });

  test.each([
    ['Handshake initiation', INITIATION_OFFSET, INITIATION_BYTES],
    ['Handshake response', RESPONSE_OFFSET, RESPONSE_BYTES],
    ['Cookie reply', COOKIE_REPLY_OFFSET, COOKIE_REPLY_BYTES],
    ['Transport', TRANSPORT_OFFSET, TRANSPORT_HEADER_BYTES],
    ['Notice', NOTICE_OFFSET, NOTICE_BYTES],
  ])('docs/protocol.md has the fields of %s at the offsets of the code', (heading, offsets, bytes) => {
    const rows = tableWith(heading, 'offset');
    expect(numbersByName(rows, 'offset', 'field')).toEqual({ type: 0, zero: 1, ...offsets });
    const last = rows.at(-1);
    expect(Number(last?.['offset']) + bytesOfType(last?.['type'] ?? '')).toBe(bytes);
  });

  test('docs/protocol.md has the content of a notice that the code has', () => {
    const [, rows = []] = tablesUnder('Notice');
    expect(numbersByName(rows, 'offset', 'field')).toEqual(NOTICE_CONTENT_OFFSET);
    const last = rows.at(-1);
    expect(Number(last?.['offset']) + bytesOfType(last?.['type'] ?? '')).toBe(NOTICE_CONTENT_BYTES);
  });

  const fieldTables = [...text.matchAll(/^#{2,3} (.*)\n/gm)]
    .map(([, heading = '']) => heading)
    .flatMap((heading) => tablesUnder(heading).map((rows) => ({ heading, rows })))
    .filter(({ rows }) => rows.every((row) => 'offset' in row && 'field' in row));

  test.each(fieldTables)('docs/protocol.md has no gap and no overlap in a table of $heading', ({ rows }) => {
    let offset = 0;
    for (const row of rows) {
      expect(Number(row['offset'])).toBe(offset);
      offset += bytesOfType(row['type'] ?? '');
    }
  });

  test.each(tableWith('Frames', 'bytes of the body'))(
    'docs/protocol.md states the length of the body of $frame',
    (row) => {
      const [, least = '', more = ''] = /^(\d+)( or more)?$/.exec(row['bytes of the body'] ?? '') ?? [];
      const accepts = (length: number) => {
        const bytes = new Uint8Array(1 + length);
        bytes[0] = Number(row['type']);
        return nextFrame(bytes, 0, bytes.length) === bytes.length;
      };
      expect(Number(least) === 0 || !accepts(Number(least) - 1)).toBe(true);
      expect(accepts(Number(least))).toBe(true);
      expect(accepts(Number(least) + 1)).toBe(more !== '');
    },
  );

  test('docs/protocol.md has the range of skippable frames that the code has', () => {
    expect(text).toContain(`Types from 0x${FIRST_SKIPPABLE_FRAME.toString(16)} to 0x7f are reserved`);
  });

  test('docs/protocol.md has the offsets of a UdpPacket that the code has', () => {
    expect(numbersByName(tableWith('UdpPacket', 'offset'), 'offset', 'field')).toEqual({
      version: OFFSET_VERSION,
      flags: OFFSET_FLAGS,
      payloadLength: OFFSET_LENGTH,
      endpoints: OFFSET_ENDPOINTS,
    });
  });

  test.each(vectors.accepted.filter(({ name }) => name.startsWith('an extended datagram ')))(
    'docs/protocol.md says by its flags where the payload begins in $name',
    ({ hex, value: [value] }) => {
      const bytes = bytesOf(hex);
      const body = bytes.subarray((bytes[0] ?? 0) < 0x80 ? 1 : 3);
      const payload = tableWith('Datagram, extended', 'flag')
        .filter(({ flag }) => ((body[4] ?? 0) & Number(flag)) !== 0)
        .reduce((sum, row) => sum + Number(row['bytes']), 5);
      const { hex: expected } = value?.['payload'] as { hex: string };
      expect(hexOf(body.subarray(payload, payload + expected.length / 2))).toBe(expected);
    },
  );

  test('docs/protocol.md has the limits of the code', () => {
    const values = tableWith('Limits', 'limit').map((row) => Number(row['value']?.replaceAll(',', '')));
    expect(values).toEqual([
      MAX_PAYLOAD_BYTES,
      MAX_UDP_PACKET_HEADER_BYTES,
      MAX_FRAGMENTED_BYTES,
      MAX_FRAGMENTS,
      0xffff,
      COMPACT_HEADER_BYTES,
      MAX_EXTENDED_HEADER_BYTES,
      MAX_FLOW_SETTINGS_BYTES,
      MAX_RESOLVED_ADDRESSES,
      MAX_GO_AWAY_SERVERS,
      MAX_GO_AWAY_BYTES,
      MAX_PUBLISH_BYTES,
      Number.MAX_SAFE_INTEGER,
      TIMESTAMP_LIMIT_US - 1,
    ]);
    expect(tableWith('Parameters', 'field').find((row) => row['field'] === 'version')?.['meaning']).toContain(
      `: ${FRAME_LAYER_VERSION}`,
    );
  });

  test('docs/protocol.md has the bounds of parameters that the code has', () => {
    const bounds = tableWith('Parameters', 'least')
      .filter((row) => row['least'] !== '')
      .map((row) => [row['parameter'], { least: numberOf(row['least']), most: numberOf(row['most']) }]);
    expect(Object.fromEntries(bounds)).toEqual(PARAMETER_BOUNDS);
  });

  test('docs/protocol.md has the lengths and bounds of settings of flows that the code has', () => {
    expect(boundsByName(tableWith('Flow settings', 'least'), 'setting')).toEqual(FLOW_SETTING_BOUNDS);
  });

  test('docs/protocol.md has the lengths and bounds of entries of publish that the code has', () => {
    expect(boundsByName(tableWith('Publish', 'least'), 'entry')).toEqual(PUBLISH_BOUNDS);
    expect(text).toContain(`Keys from ${FIRST_SKIPPABLE_PUBLISH_ENTRY} on`);
  });

  // What a reader who knows nothing but the tables makes of the vectors.
  test.each([
    ['a compact datagram', 'Datagram, compact', 0],
    ['a fragment', 'Fragment', 0],
    ['flow acknowledge', 'Flow', 0],
    ['flow unknown', 'Flow', 1],
    ['flow close', 'Flow', 2],
    ['ping', 'Ping and pong', 0],
    ['pong', 'Ping and pong', 1],
    ['report', 'Report', 0],
    ['close', 'Close', 0],
    ['request', 'Control', 0],
    ['answer', 'Control', 1],
  ])('docs/protocol.md describes %s so that its table alone reads its vector right', (name, heading, index) => {
    const vector = vectors.accepted.find((candidate) => candidate.name === name);
    const rows = tablesUnder(heading).filter((table) => table.every((row) => 'offset' in row))[index] ?? [];
    const frame = bytesOf(vector?.hex ?? '');
    const body = frame.subarray((frame[0] ?? 0) < 0x80 ? 1 : 3);
    const { type: _type, observed, ...value } = vector?.value[0] ?? {};
    const expected =
      observed === undefined
        ? value
        : { ...value, observedAddress: '00000000000000000000ffffcb007109', observedPort: 40000 };
    expect(readByTable(rows, body)).toEqual(expected);
  });
});

function readByTable(rows: Row[], body: Uint8Array): Record<string, unknown> {
  return Object.fromEntries(
    rows.map(({ offset, type = '', field = '' }): [string, unknown] => {
      const start = Number(offset);
      const bytes = body.slice(start, type === 'rest' ? undefined : start + bytesOfType(type));
      if (type === 'address') return [field, hexOf(bytes)];
      if (!type.startsWith('u')) return [field, { hex: hexOf(bytes) }];
      return [field, Number(bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n))];
    }),
  );
}
