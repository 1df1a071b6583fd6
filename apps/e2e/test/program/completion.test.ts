import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.js';
import { CLIENT, run, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

beforeAll(async () => {
  mkdirSync(folder.at('bin'));
  symlinkSync(SERVER, folder.at('bin', 'relay-server'));
  symlinkSync(CLIENT, folder.at('bin', 'relay-client'));
  writeFileSync(folder.at('alpha.toml'), '');
  mkdirSync(folder.at('state.d'));
  for (const [name, script] of [
    ['relay-server', SERVER],
    ['relay-client', CLIENT],
  ] as const)
    writeFileSync(folder.at(`${name}.bash`), (await run(script, ['completion', 'bash'])).stdout);
});

/** What bash offers at the end of a line, whose words end at blanks and before and after `=`. */
function offered(line: string): string[] {
  const words = line.split(/ |(?<==)|(?==)/);
  const program = words[0] ?? '';
  const script = `source ./${program}.bash; COMP_LINE='${line}'; COMP_POINT=${line.length}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _${program.replace('-', '_')}_completion; (( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    cwd: folder.path,
    env: { PATH: `${folder.at('bin')}:${process.env['PATH'] ?? ''}`, HOME: '/nonexistent' },
  });
  return output.split('\n').filter((each) => each !== '');
}

describe('a Tab in bash', () => {
  test.each<[string, string[]]>([
    ['relay-server config ', ['check', 'show', 'schema', 'reference']],
    ['relay-server comp', ['completion']],
    ['relay-client completion ', ['bash', 'zsh', 'fish']],
    ['relay-server invite alice --max', ['--max-pps', '--max-bps']],
    ['relay-server invite alice --idl', []],
    ['relay-server config check al', ['alpha.toml']],
    ['relay-client --engine=n', ['native']],
    ['relay-server -c al', ['alpha.toml']],
    ['relay-server --state st', ['state.d']],
    ['relay-client status --', ['--json', '--watch', '--config', '--admin', '--help']],
    ['relay-server revoke ', []],
  ])('offers after %j %j', (line, expected) => expect(offered(line)).toEqual(expected));

  test('offers names of clients from the state folder, and sessions and routes from the running server', async () => {
    const state = folder.at('served');
    const route = ['--route', '127.0.0.1:0=127.0.0.1:9;name=echo'];
    await using server = await Server.start({ state, engine: 'dgram', flags: route });
    await server.invite('alice', []);
    expect(offered(`relay-server drain --state ${state} `)).toEqual(['echo']);
    expect(offered(`relay-server kick --state ${state} `)).toEqual([]);
    await server.stop();
    expect(offered(`relay-server revoke --state ${state} al`)).toEqual(['alice']);
    expect(offered(`relay-server drain --state ${state} `)).toEqual([]);
  });
});
