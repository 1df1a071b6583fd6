import type { CompletedFlag, CompletedProgram } from './completed-program.js';

/** For zsh's completion system. */
export function zshCompletion({ name, flags, commands }: CompletedProgram): string {
  const offered = commands.map(([command, doc]) => quoted(`${command}:${doc.replaceAll(':', '\\:')}`));
  const call = `_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}`;
  const specs = [...flags.flatMap(flagSpecs), ...(commands.length === 0 ? [] : [`'1:command:${call}_commands'`])];
  const commandCall =
    commands.length === 0
      ? ''
      : `${call}_commands() {
  local -a commands=(
${offered.map((line) => `    ${line}\n`).join('')}  )
  _describe command commands
}
`;
  return `#compdef ${name}
# zsh completion for ${name}: save it as _${name} in a folder of $fpath
${commandCall}${call}() {
  _arguments -S \\
    ${specs.join(' \\\n    ')}
}
if [[ $funcstack[1] == _${name} ]]; then
  ${call} "$@"
else
  compdef ${call} ${name}
fi
`;
}

function flagSpecs({ name, alias, doc, values, isRepeatable }: CompletedFlag): string[] {
  const about = `[${doc.replaceAll(/[\\[\]:]/g, (mark) => `\\${mark}`)}]`;
  const action = values === undefined ? '' : `:value:${actionOf(values)}`;
  const long = `--${name}${values === undefined ? '' : '='}`;
  const repeat = isRepeatable ? '*' : '';
  if (alias === undefined) return [quoted(`${repeat}${long}${about}${action}`)];
  const exclusive = isRepeatable ? '*' : `(-${alias} --${name})`;
  return [quoted(`${exclusive}-${alias}${about}${action}`), quoted(`${exclusive}${long}${about}${action}`)];
}

function actionOf(values: NonNullable<CompletedFlag['values']>): string {
  if (values === 'file') return '_files';
  if (values === 'directory') return '_files -/';
  return values.length === 0 ? ' ' : `(${values.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
