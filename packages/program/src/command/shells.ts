/**
 * Completion in shells. A script asks the program at each Tab, so that it offers what this version
 * of the program takes: the command `__complete` answers with a first line that is `words`, `file`
 * or `directory`, and after `words` with one line for each: the word, a tab, and one line about it.
 */
import { splitWords } from '@relay/terminal';
import type { Command } from './command.js';
import { offers } from './complete.js';

/** The shells that a completion can be written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** The command that scripts ask. Users do not type it. */
export const ASK = '__complete';

/**
 * Answers a script. `form` is `words`, with the words after the program's name, or `line`, with the
 * whole line up to the cursor.
 */
export async function answerCompletion(program: Command, [form, ...given]: readonly string[]): Promise<string> {
  const all = await offers(program, form === 'line' ? typedWords(given.join(' ')) : given);
  if (typeof all === 'string') return `${all}\n`;
  return ['words', ...all.map(([word, about]) => `${word}\t${about}`)].map((line) => `${line}\n`).join('');
}

/** The words of a line after the program's name. The last one is empty after a blank. */
function typedWords(line: string): string[] {
  const words = splitWords(line).slice(1);
  return /(?:^|[^\\])\s$/.test(line) ? [...words, ''] : words;
}

/**
 * Returns the script for a shell.
 * @throws {TypeError} if the name of the program is no plain word (letters, digits, `.`, `_`, `-`).
 */
export function completionScript(program: string, shell: Shell): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(program))
    throw new TypeError(`${JSON.stringify(program)} is not a plain word`);
  const call = `_${program.replaceAll(/[^A-Za-z0-9]/g, '_')}_completion`;
  return SCRIPTS[shell](program, call);
}

type Script = (program: string, call: string) => string;

/** For bash 3.2 and later, without the bash-completion package. */
const bash: Script = (program, call) => `# bash completion for ${program}: source this file, or save it as
# ~/.local/share/bash-completion/completions/${program}
${call}() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="\${COMP_WORDS[COMP_CWORD]}" kind word about
  # bash splits --flag=value and ADDR:PORT: only the last part is replaced.
  case "$current" in [=:]) current="" ;; esac
  local before="\${line##*[[:space:]]}"
  before="\${before%"$current"}"
  COMPREPLY=()
  {
    read -r kind
    case "$kind" in
      words)
        while IFS=$'\\t' read -r word about; do COMPREPLY+=("\${word#"$before"}"); done ;;
      file | directory)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "-\${kind:0:1}" -- "$current") ;;
    esac
  } < <("\${COMP_WORDS[0]/#\\~/$HOME}" ${ASK} line "$line" 2>/dev/null)
}
complete -F ${call} ${program}
`;

/** For zsh's completion system. */
const zsh: Script = (program, call) => `#compdef ${program}
# zsh completion for ${program}: save it as _${program} in a folder of $fpath
${call}() {
  local -a answer offered
  local line
  answer=("\${(@f)$("\${(Q)words[1]/#\\~/$HOME}" ${ASK} words "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case "$answer[1]" in
    words)
      for line in "\${(@)answer[2,-1]}"; do offered+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); done
      _describe ${program} offered ;;
    file) compset -P '--*='; _files ;;
    directory) compset -P '--*='; _files -/ ;;
  esac
}
if [[ $funcstack[1] == _${program} ]]; then
  ${call} "$@"
else
  compdef ${call} ${program}
fi
`;

/** For fish 3 and later. */
const fish: Script = (program, call) => `# fish completion for ${program}: save it as
# ~/.config/fish/completions/${program}.fish
function ${call}
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' "$current")
    set -l answer ($typed[1] ${ASK} words $typed[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case words
            printf '%s\\n' $answer[2..-1]
        case file
            printf '%s\\n' "$before"(__fish_complete_path (string replace -- "$before" '' "$current"))
        case directory
            printf '%s\\n' "$before"(__fish_complete_directories (string replace -- "$before" '' "$current"))
    end
end
complete -c ${program} -f -a '(${call})'
`;

const SCRIPTS: Readonly<Record<Shell, Script>> = { bash, zsh, fish };
