import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs the tests of a folder in another process, after `preparation` in its shell. Resolves to the
 * output of Jest.
 */
async function runTests(shell: readonly string[], preparation: string, folder: string): Promise<string> {
  const jest = `"${process.execPath}" --experimental-vm-modules --disable-warning=ExperimentalWarning`;
  const call = `${preparation}; exec ${jest} ../../node_modules/jest/bin/jest.js --runInBand --testMatch '<rootDir>/test/${folder}/*.test.ts'`;
  const [program, ...words] = [...shell, 'sh', '-c', call];
  const { stderr } = await run(program, words, { cwd: root, timeout: 60_000 }).catch((error: unknown) => {
    throw new Error('its tests failed', { cause: error });
  });
  return stderr;
}

test('a process without free descriptors has the documented errors', async () => {
  expect(await runTests([], 'ulimit -n 200', 'limited')).toMatch(/Tests: +\d+ passed/);
});

const namespace = ['unshare', '--net', '--map-root-user'];
const preparation = [
  'ip link set lo mtu 1400 up',
  'ip route add unreachable 198.51.100.0/24',
  'tc qdisc replace dev lo root pfifo limit 1000',
].join(' && ');

// Some systems give no network namespace, or no traffic control in it. These cases cannot run
// there.
if (spawnSync('unshare', ['--net', '--map-root-user', 'sh', '-c', preparation]).status === 0) {
  test('a slow, small or missing network has the documented errors', async () => {
    expect(await runTests(namespace, preparation, 'namespace')).toMatch(/Tests: +\d+ passed/);
  });
}
