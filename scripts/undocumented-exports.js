// Says which exports of the packages have no documentation comment: what a package offers to others
// is described where it is declared.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

// Exports that still lack a comment. One that gets it has to leave this list; nothing comes to it.
const KNOWN = [
  '@relay/program: AdminQuestion',
  '@relay/program: AdminServer',
  '@relay/program: CommandLine',
  '@relay/program: ExitCode',
  '@relay/program: LiveView',
  '@relay/program: RunOptions',
  '@relay/relay: ClientShard',
  '@relay/relay: Tunnel',
  '@relay/session: PACKED_PATH_BYTES',
  '@relay/session: nodePrimitives',
  '@relay/client: RelayClient',
  '@relay/client: RelayClientOptions',
  '@relay/client: ServerSearch',
  '@relay/server: RelayServer',
  '@relay/server: RelayServerOptions',
];

const entries = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).flatMap((name) => entriesOf(join(group, name))),
);
const { options } = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.base.json'), { noEmit: true }, ts.sys);
const program = ts.createProgram(
  entries.map(({ file }) => file),
  { ...options, composite: false, customConditions: ['@relay/source'] },
);
const checker = program.getTypeChecker();

const found = entries.flatMap(undocumented);
const added = found.filter((name) => !KNOWN.includes(name));
const gone = KNOWN.filter((name) => !found.includes(name));
for (const name of added) console.error(`no documentation comment: ${name}`);
for (const name of gone) console.error(`has its comment: take it out of scripts/undocumented-exports.js: ${name}`);
process.exitCode = added.length + gone.length > 0 ? 1 : 0;

/** The source files that a package names as its entries, each with the name to import it by. */
function entriesOf(folder) {
  const manifest = join(root, folder, 'package.json');
  if (!existsSync(manifest)) return [];
  const { name, exports = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  return Object.entries(exports).flatMap(([subpath, conditions]) => {
    const source = conditions['@relay/source'];
    return source === undefined ? [] : [{ name: name + subpath.slice(1), file: join(root, folder, source) }];
  });
}

/** The exports of an entry that lack a comment, in order. */
function undocumented({ name, file }) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => declared(symbol).getDocumentationComment(checker).length === 0)
    .map((symbol) => `${name}: ${symbol.name}`)
    .sort();
}

/** The symbol that an export stands for, where it is declared. */
function declared(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
