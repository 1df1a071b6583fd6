// Checks that need more than Node.js: the channel against wireguard-go, the addons under
// sanitizers. A check whose programs this machine lacks is named and left out; in CI it is a
// failure.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CHECKS = [
  {
    name: 'interoperability with wireguard-go',
    script: ['--filter', '@relay/session', 'run', 'test:interop'],
    run: 'interop',
    needs: {
      root: process.getuid?.() === 0,
      '/dev/net/tun': existsSync('/dev/net/tun'),
      'wireguard-go': hasProgram('wireguard-go'),
      iproute2: hasProgram('ip'),
    },
  },
  {
    name: 'the native engine under sanitizers',
    script: ['--filter', '@relay/socket', 'run', 'sanitize'],
    run: 'sanitize',
    needs: { gcc: hasProgram('gcc') },
  },
  {
    name: "the channel's addon under sanitizers",
    script: ['--filter', '@relay/session', 'run', 'sanitize'],
    run: 'sanitize',
    needs: { gcc: hasProgram('gcc') },
  },
];

let failures = 0;
for (const { name, script, run, needs } of CHECKS) {
  const missing = Object.entries(needs).flatMap(([need, isThere]) => (isThere ? [] : [need]));
  if (missing.length > 0) {
    console.log(`${name}: left out, since this machine lacks ${missing.join(', ')}`);
    if (process.env.CI) failures++;
    continue;
  }
  console.log(`${name} …`);
  const { status } = spawnSync('pnpm', script, { stdio: 'inherit', env: { ...process.env, TEST_RUN: run } });
  if (status !== 0) failures++;
}
process.exitCode = failures > 0 ? 1 : 0;

function hasProgram(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
