// Breaks one rule of the decoders after the other in a copy of the package, and runs the tests on each: they must fail.
// `node scripts/mutate.mjs [word]`
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MUTATIONS = [
  ['a length beyond the end is refused', 'frames/frame.ts', 'if (next > end) return TRUNCATED;', ''],
  ['unknown frames are refused', 'frames/frame.ts', 'type < FIRST_SKIPPABLE_FRAME', 'type < 0'],
  ['a body that is too long is refused', 'frames/frame.ts', 'return TRAILING_BYTES;', 'return next;'],
  ['reserved flags are refused', 'udp-packet/udp-packet-header.ts', 'return RESERVED_BITS;', ';'],
  [
    'IPv4 written as IPv6 is refused',
    'udp-packet/udp-packet-header.ts',
    'if (isDestinationIpv6 && isMapped(bytes, destination)) return BAD_ENDPOINT;',
    '',
  ],
  [
    'destination port 0 is refused',
    'udp-packet/udp-packet-header.ts',
    '=== 0) return BAD_ENDPOINT;',
    '=== -1) return BAD_ENDPOINT;',
  ],
  ['bytes behind a UdpPacket are refused', 'udp-packet/udp-packet-header.ts', 'return TRAILING_BYTES;', ';'],
  [
    'the bytes behind the type are zero',
    'outer/packet-type.ts',
    'readU8(bytes, offset + OFFSET_RESERVED) === 0',
    'true',
  ],
  ['counters are below 2^53', 'outer/packet-type.ts', '? type : BAD_VALUE', '? type : type'],
  ['a piece lies within the count', 'frames/fragment.ts', 'index >= count', 'index > count'],
  ['the last piece is not empty', 'frames/fragment.ts', 'if (isLastPieceEmpty || ', 'if ('],
  ['a piece is counted once', 'frames/reassembly.ts', 'return DUPLICATE_FRAGMENT;', ';'],
  ['incomplete frames are bounded', 'frames/reassembly.ts', '&& this.#incomplete.size < maxDatagrams', ''],
  ['keys of parameters ascend', 'frames/parameters.ts', 'key <= lastKey', 'key < lastKey'],
  ['a time is below 2^53', 'frames/ping.ts', 'if (timeUs > Number.MAX_SAFE_INTEGER) return BAD_VALUE;', ''],
  ['a checksum is right', 'proxy-v2/proxy-tlv.ts', 'return BAD_CHECKSUM;', ';'],
  ['leading zeros are refused', 'endpoint/address.ts', ' || value === 0) return false;', ') return false;'],
  ['ports end at 65,535', 'frames/control-body.ts', 'port + count - 1 <= MAX_U16', 'true'],
];

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const root = join(packageFolder, '../..');
const workspace = mkdtempSync(join(tmpdir(), 'relay-packet-mutants-'));
const copy = join(workspace, 'packages/packet');
mkdirSync(copy, { recursive: true });
for (const name of ['node_modules', 'docs', 'jest.preset.js', 'tsconfig.base.json', 'package.json'])
  symlinkSync(join(root, name), join(workspace, name));
for (const name of [
  'src',
  'test',
  'vectors',
  'README.md',
  'package.json',
  'jest.config.js',
  'tsconfig.json',
  'tsconfig.test.json',
]) {
  cpSync(join(packageFolder, name), join(copy, name), { recursive: true });
}
symlinkSync(join(packageFolder, 'node_modules'), join(copy, 'node_modules'));

function failingTests() {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const flags = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    jest,
    '--json',
    '--testPathIgnorePatterns',
    'readme|exports',
  ];
  const { stdout } = spawnSync(process.execPath, flags, { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const { numTotalTests, testResults } = JSON.parse(stdout);
  const failing = testResults.flatMap(({ assertionResults, status, name }) => {
    const failed = assertionResults.filter((result) => result.status === 'failed').map(({ fullName }) => fullName);
    return failed.length === 0 && status === 'failed' ? [name] : failed;
  });
  return { failing, numTotalTests };
}

try {
  const { failing, numTotalTests } = failingTests();
  if (failing.length > 0) throw new Error(`unbroken, these fail already: ${failing.join(', ')}`);
  console.log(`unbroken: ${numTotalTests} tests pass`);
  for (const [rule, file, from, to] of MUTATIONS.filter(([rule]) => rule.includes(process.argv[2] ?? ''))) {
    const path = join(copy, 'src', file);
    const source = readFileSync(path, 'utf8');
    const parts = source.split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
    writeFileSync(path, parts.join(to));
    const { failing } = failingTests();
    writeFileSync(path, source);
    if (failing.length === 0) process.exitCode = 1;
    console.log(
      `${failing.length === 0 ? 'NOT NOTICED' : `noticed by ${failing.length}`}: ${rule}${failing.length > 0 ? ` — ${failing[0]}` : ''}`,
    );
  }
} finally {
  rmSync(workspace, { recursive: true });
}
