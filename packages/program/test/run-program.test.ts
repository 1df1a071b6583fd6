import { describe, expect, test } from '@jest/globals';
import { defineSchema, loadConfiguration, option } from '@relay/config';
import { formatEndpoint } from '@relay/packet';
import { SocketError } from '@relay/socket';
import { EXIT, listenFailure, ProgramFailure, runProgram } from '../src/index.js';
import { captured } from './captured.js';

const run = (failure: Error, isVerbose = false): ReturnType<typeof captured> =>
  captured(() =>
    runProgram({ program: 'a-program', isVerbose }, () =>
      Promise.resolve().then(() => {
        throw failure;
      }),
    ),
  );

const schema = defineSchema(
  {
    listen: option({ format: 'endpoint', default: '[::]:7878', doc: 'd' }),
    port: option({ format: 'port', doc: 'd' }),
  },
  { program: 'a-program' },
);

const wronglyConfigured = (): Promise<void> =>
  Promise.resolve().then(() => void loadConfiguration(schema, { flags: { listen: 'x', port: '80x' } }));

describe('runProgram', () => {
  test('leaves the exit code alone after a command that succeeds', async () => {
    const done = await captured(() => runProgram({ program: 'a-program', isVerbose: false }, () => Promise.resolve()));
    expect(done).toEqual({ stdout: '', stderr: '', exitCode: undefined });
  });

  test.each([
    ['failed', new ProgramFailure(EXIT.failed, 'it broke'), 1, 'a-program: it broke\n'],
    ['usage', new ProgramFailure(EXIT.usage, 'no such flag'), 2, 'a-program: no such flag\n'],
    ['unreachable', new ProgramFailure(EXIT.unreachable, 'nobody is there'), 3, 'a-program: nobody is there\n'],
    ['refused', new ProgramFailure(EXIT.refused, 'it may not'), 4, 'a-program: it may not\n'],
    [
      'a fault of the program',
      new TypeError('x is undefined'),
      1,
      'a-program: internal error: x is undefined (please report it; --log-level debug shows more)\n',
    ],
    [
      'a file that the system refuses',
      Object.assign(new Error("EROFS: read-only file system, unlink '/state/x'"), { code: 'EROFS', path: '/state/x' }),
      1,
      'a-program: /state/x: the file system is read-only\n',
    ],
    [
      'what came from outside',
      new ProgramFailure(EXIT.failed, 'bad\u001b[31m\nname\u202e'),
      1,
      'a-program: bad\\x1b[31m\\nname\\u202e\n',
    ],
  ])('prints one line on stderr and sets the exit code for %s', async (_name, failure, exitCode, stderr) => {
    expect(await run(failure)).toEqual({ stdout: '', stderr, exitCode });
  });

  test('prints each mistake of a configuration on its own line, and sets exit code 2', async () => {
    const { stderr, exitCode } = await captured(() =>
      runProgram({ program: 'a-program', isVerbose: false }, wronglyConfigured),
    );
    expect(exitCode).toBe(2);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^a-program: .*(listen|port)/);
  });

  test('prints in verbose mode the place and all causes of a failure, with nothing raw', async () => {
    const cause = new Error('the cause\u001b[2J');
    const { stderr } = await run(new ProgramFailure(EXIT.failed, 'the end', { cause }), true);
    expect(stderr).toMatch(/^a-program: the end\n/);
    expect(stderr).toMatch(/run-program\.test\.ts/);
    expect(stderr).toMatch(/\[cause\]: Error: the cause\\x1b\[2J/);
    expect(stderr).not.toMatch(/\u001b/);
  });
});

describe('listenFailure', () => {
  const endpoint = { address: '0.0.0.0', port: 53 };

  test.each([
    ['address-in-use', 'the address is in use (another program listens there: stop it, or choose another port)'],
    ['permission-denied', 'permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)'],
    [
      'address-not-available',
      'this host does not have that address (choose an address of this host, or 0.0.0.0 or [::] for all)',
    ],
    ['ipv6-unavailable', 'the address family is not available (this host has no IPv6: listen on an IPv4 address)'],
    ['too-many-open-files', 'no file descriptors left (raise the limit with ulimit -n)'],
    ['engine-unavailable', 'the native engine is not available (--engine dgram works everywhere)'],
  ] as const)('says for %s what to do', (code, expected) => {
    const cause = new SocketError(code, 'open');
    const failure = listenFailure(endpoint, cause);
    expect(failure.message).toBe(`cannot listen on ${formatEndpoint(endpoint)}: ${expected}`);
    expect([failure.exitCode, failure.cause]).toEqual([EXIT.failed, cause]);
  });

  test('says what the socket says for a code without a remedy', () => {
    const cause = new SocketError('no-buffers', 'open');
    expect(listenFailure(endpoint, cause).message).toBe(`cannot listen on 0.0.0.0:53: ${cause.message}`);
  });

  test('throws an error that is no SocketError unchanged', () => {
    const fault = new TypeError('x');
    expect(() => listenFailure(endpoint, fault)).toThrow(fault);
  });
});
