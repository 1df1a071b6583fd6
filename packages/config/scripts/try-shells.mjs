// Tries the completion scripts in real shells:
// `pnpm --filter @relay/config build && pnpm --filter @relay/config try-shells`. Needs bash, zsh
// and fish.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { completionScript, defineSchema, option } from '../dist/index.js';

const TERMINAL_CODES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

const schema = defineSchema(
  {
    config: option({ format: 'path', alias: 'c', doc: "The program's [own] file: `TOML`, $HOME" }),
    state: option({ format: 'directory', doc: 'A folder' }),
    engine: option({ format: ['auto', 'native', 'dgram'], default: 'auto', doc: 'How sockets work' }),
    forward: option({ format: 'string', array: true, alias: 'f', doc: 'What is carried' }),
    verbose: option({ format: 'boolean', default: false, doc: 'Say more' }),
  },
  { program: 'relay-demo' },
);
const commands = { start: 'Run', status: "Show what's going on: all of it" };

const folder = mkdtempSync(join(tmpdir(), 'relay-shells-'));
writeFileSync(join(folder, 'example.toml'), '');
execFileSync('mkdir', [join(folder, 'example.d')]);
try {
  const scripts = Object.fromEntries(
    ['bash', 'zsh', 'fish'].map((shell) => {
      const path = join(folder, `completion.${shell}`);
      writeFileSync(path, completionScript(schema, shell, { commands }));
      return [shell, path];
    }),
  );
  const offers = { bash: inBash, zsh: inZsh, fish: inFish };
  for (const [shell, offered] of Object.entries(offers)) {
    for (const [typed, expected] of [
      ['relay-demo st', ['start', 'status']],
      ['relay-demo --eng', ['--engine']],
      ['relay-demo --engine ', ['auto', 'dgram', 'native']],
      ['relay-demo --no-v', ['--no-verbose']],
      ['relay-demo --config exa', ['example.d', 'example.toml']],
      ['relay-demo --state exa', ['example.d']],
    ]) {
      const found = offered(scripts[shell], typed);
      for (const word of expected) assert.ok(found.includes(word), `${shell}: ${typed}: ${JSON.stringify(found)}`);
      console.log(`${shell}: ${typed.padEnd(24)} -> ${expected.join(' ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

function inBash(script, typed) {
  const words = typed.split(' ').map((word) => `'${word}'`);
  const run = `source ${script}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _relay_demo_completion; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return output('bash', ['--norc', '-c', run]);
}

function inFish(script, typed) {
  return output('fish', ['--no-config', '-c', `source ${script}; complete -C '${typed}'`]);
}

/** An interactive zsh on a pseudo-terminal, in which Tab lists what is offered. */
function inZsh(script, typed) {
  const run = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    send() { zpty -w z "$1"; }
    send 'unsetopt zle_bracketed_paste 2>/dev/null; PS1=; autoload -Uz compinit; compinit -u -D; source ${script}'
    send "zstyle ':completion:*' list-prompt ''; zstyle ':completion:*' insert-tab false; bindkey '^I' list-choices; bindkey '^X' kill-whole-line; LISTMAX=0; print READY"
    zpty -r -m z out '*READY*READY*'
    zpty -w -n z ${JSON.stringify(typed)}$'\\t'
    sleep 1
    while zpty -r -t z line; do print -r -- "$line"; done
    zpty -d z`;
  return output('zsh', ['-f', '-c', run]);
}

function output(command, args) {
  const text = execFileSync(command, args, { encoding: 'utf8', cwd: folder, timeout: 20_000 });
  return text.replaceAll(TERMINAL_CODES, ' ').split(/[\s/\\]+/);
}
