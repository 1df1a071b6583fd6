import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { commandOf, shellWord } from '../src/own-command.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
for (const app of ['server', 'client']) {
  mkdirSync(join(folder, 'apps', app, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'apps', app, 'bin', `relay-${app}.js`), '');
}
const script = join(folder, 'apps', 'server', 'bin', 'relay-server.js');
const pnpm = {
  npm_lifecycle_event: 'start',
  npm_config_user_agent: 'pnpm/10.34.9 npm/? node/v20.19.0 linux x64',
};

describe('the command that runs a program as this one was started', () => {
  test.each([
    ['npx and pnpm in a clone', '/home/ada/.npm/_npx/7f8a/node_modules/pnpm/bin/pnpm.cjs', 'npx -y pnpm@10'],
    ['an installed pnpm in a clone', '/usr/lib/node_modules/pnpm/bin/pnpm.cjs', 'pnpm'],
  ])('goes through %s', (_, npm_execpath, command) => {
    const start = { script, folder, environment: { ...pnpm, npm_execpath } };
    expect(commandOf('relay-client', start)).toBe(`${command} --filter client start`);
    expect(commandOf('relay-server', start)).toBe(`${command} --filter server start`);
  });

  test('names the file of a clone, from the folder of the user if it is below that', () => {
    const start = { script, environment: {} };
    expect(commandOf('relay-client', { ...start, folder })).toBe('node apps/client/bin/relay-client.js');
    const whole = join(folder, 'apps/client/bin/relay-client.js');
    expect(commandOf('relay-client', { ...start, folder: '/usr' })).toMatch(new RegExp(`^node '?${whole}'?$`));
  });

  test.each([
    ['its link', '/usr/local/bin/relay-server'],
    ['its file', '/usr/lib/node_modules/@relay/server/bin/relay-server.js'],
    ['a program of another name', '/srv/game.js'],
    ['nothing', undefined],
  ])('is the name of the program if it was started by %s', (_, started) => {
    expect(commandOf('relay-client', { script: started, folder, environment: {} })).toBe('relay-client');
    const environment = { npm_lifecycle_event: 'start', npm_config_user_agent: 'npm/11.19.1' };
    expect(commandOf('relay-client', { script: started, folder, environment })).toBe('relay-client');
  });
});

test.each(['/home/ada/state', 'two words', "it's", '$HOME `id` "x" \\', '~'])('%s is one word of a shell', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
});
