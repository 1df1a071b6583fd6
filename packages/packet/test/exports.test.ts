import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import ts from 'typescript';

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
// A browser's types and none of Node.js.
const program = ts.createProgram([index], {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.Node20,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  types: [],
  strict: true,
  noEmit: true,
});
const checker = program.getTypeChecker();

test('every export has a comment for its users', () => {
  const source = program.getSourceFile(index);
  const module = source && checker.getSymbolAtLocation(source);
  const exported = module === undefined ? [] : checker.getExportsOfModule(module);
  expect(exported.length).toBeGreaterThan(100);
  const bare = exported.filter((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return target.getDocumentationComment(checker).length === 0;
  });
  expect(bare.map((symbol) => symbol.name)).toEqual([]);
});

test('the sources use nothing of Node.js', () => {
  const sources = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/packet/src/'));
  const problems = sources.flatMap((file) => program.getSemanticDiagnostics(file));
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([]);
  expect(sources.filter(({ fileName }) => readFileSync(fileName, 'utf8').includes("'node:"))).toEqual([]);
});
