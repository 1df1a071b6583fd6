import type { CompletedFlag, CompletedProgram } from './completed-program.js';

/** For bash 3.2 and later, without the bash-completion package. */
export function bashCompletion({ name, flags, commands }: CompletedProgram): string {
  const call = `_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}_completion`;
  const taking = flags.filter((flag) => flag.values !== undefined);
  const words = flags.map((flag) => `--${flag.name}`).join(' ');
  return `# bash completion for ${name}: source this file, or save it as ~/.local/share/bash-completion/completions/${name}
${call}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" flag="\${COMP_WORDS[COMP_CWORD-1]}" IFS=$' \\t\\n'
  # bash splits --flag=value at the equals sign.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $flag == "=" ]]; then
    flag="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  COMPREPLY=()
  case "$flag" in
${taking.map((flag) => `    ${patternOf(flag)}) ${actionOf(flag)}return ;;\n`).join('')}  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W '${words}' -- "$current"))
  else
    COMPREPLY=($(compgen -W '${commands.map(([command]) => command).join(' ')}' -- "$current"))
  fi
}
complete -F ${call} ${name}
`;
}

function patternOf({ name, alias }: CompletedFlag): string {
  return alias === undefined ? `--${name}` : `--${name} | -${alias}`;
}

function actionOf({ values }: CompletedFlag): string {
  if (values === 'file' || values === 'directory') {
    const kind = values === 'file' ? '-f' : '-d';
    return `compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen ${kind} -- "$current")); `;
  }
  return values === undefined || values.length === 0
    ? ''
    : `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$current")); `;
}
