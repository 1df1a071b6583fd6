import type { CompletedFlag, CompletedProgram } from './completed-program.js';

/** For fish 3 and later. */
export function fishCompletion({ name, flags, commands }: CompletedProgram): string {
  return `# fish completion for ${name}: save it as ~/.config/fish/completions/${name}.fish
complete -c ${name} -f
${commands.map(([command, doc]) => `complete -c ${name} -n __fish_use_subcommand -a ${command} -d ${quoted(doc)}\n`).join('')}${flags
    .map((flag) => `complete -c ${name} ${flagSpec(flag)}\n`)
    .join('')}`;
}

function flagSpec({ name, alias, doc, values }: CompletedFlag): string {
  const short = alias === undefined ? '' : ` -s ${alias}`;
  return `-l ${name}${short}${valuesSpec(values)} -d ${quoted(doc)}`;
}

function valuesSpec(values: CompletedFlag['values']): string {
  if (values === undefined) return '';
  if (values === 'file') return ' -r -F';
  if (values === 'directory') return " -x -a '(__fish_complete_directories)'";
  return values.length === 0 ? ' -x' : ` -x -a '${values.join(' ')}'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (mark) => `\\${mark}`)}'`;
}
