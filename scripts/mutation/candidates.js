import ts from 'typescript';

const K = ts.SyntaxKind;

/** The replacements of an operator: one is picked. */
const REPLACEMENTS = new Map([
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
  [K.EqualsEqualsEqualsToken, ['!==']],
  [K.ExclamationEqualsEqualsToken, ['===']],
  [K.PlusToken, ['-']],
  [K.MinusToken, ['+']],
  [K.AsteriskToken, ['/']],
  [K.SlashToken, ['*']],
  [K.PercentToken, ['*']],
  [K.AsteriskAsteriskToken, ['*']],
  [K.AmpersandToken, ['|']],
  [K.BarToken, ['&']],
  [K.CaretToken, ['|']],
  [K.LessThanLessThanToken, ['>>>']],
  [K.GreaterThanGreaterThanToken, ['<<']],
  [K.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [K.AmpersandAmpersandToken, ['||']],
  [K.BarBarToken, ['&&']],
  [K.QuestionQuestionToken, ['&&']],
  [K.PlusEqualsToken, ['-=']],
  [K.MinusEqualsToken, ['+=']],
  [K.AsteriskEqualsToken, ['/=']],
  [K.SlashEqualsToken, ['*=']],
  [K.AmpersandEqualsToken, ['|=']],
  [K.BarEqualsToken, ['&=']],
  [K.PlusPlusToken, ['--']],
  [K.MinusMinusToken, ['++']],
]);

const LOG_METHODS = /^(silly|trace|debug|verbose|info|notice|warn|error|critical|log)$/;

/**
 * Every place of a source file where one token can change, in order: `{ start, end, alternatives,
 * line, column }`. Leaves out what no test can notice: types, the messages of errors and logs, and
 * the `?? 0` of typed arrays. `checker` tells additions from joined texts.
 */
export function candidatesOf(file, checker) {
  const found = [];
  const add = (start, end, alternatives) => {
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    found.push({ start, end, alternatives, line: line + 1, column: character + 1 });
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || hasDeclareModifier(node)) return;
    addChangesOf(node, file, checker, add);
    if (isReadOfTypedArray(node, checker)) return visit(node.left);
    ts.forEachChild(node, isMessage(node) ? visitOutsideTexts : visit);
  };
  const visitOutsideTexts = (node) => {
    if (ts.isTemplateExpression(node) || ts.isBinaryExpression(node)) return;
    ts.forEachChild(node, isMessage(node) ? visitOutsideTexts : visit);
  };
  visit(file);
  return found;
}

function addChangesOf(node, file, checker, add) {
  const start = node.getStart(file);
  if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) return add(start, node.end, neighbours(node));
  if (node.kind === K.TrueKeyword) return add(start, node.end, ['false']);
  if (node.kind === K.FalseKeyword) return add(start, node.end, ['true']);
  if (ts.isBinaryExpression(node)) addOperator(node, node.operatorToken, file, checker, add);
  if (ts.isPrefixUnaryExpression(node) && REPLACEMENTS.has(node.operator) && !ts.isNumericLiteral(node.operand))
    add(start, start + ts.tokenToString(node.operator).length, REPLACEMENTS.get(node.operator));
  if (ts.isPostfixUnaryExpression(node)) add(node.operand.end, node.end, REPLACEMENTS.get(node.operator));
  if (ts.isExpressionStatement(node) && isRemovableCall(node.expression)) add(start, node.end, [';']);
  const condition = conditionOf(node);
  if (condition) add(condition.getStart(file), condition.end, [negated(condition, file)]);
}

function addOperator({ left, right }, token, file, checker, add) {
  const alternatives = REPLACEMENTS.get(token.kind);
  if (!alternatives) return;
  const joins = token.kind === K.PlusToken || token.kind === K.PlusEqualsToken;
  if (joins && [left, right].some((side) => isText(checker.getTypeAtLocation(side)))) return;
  add(token.getStart(file), token.end, alternatives);
}

function isText({ flags }) {
  return (flags & ts.TypeFlags.StringLike) !== 0;
}

function neighbours(literal) {
  const isBig = ts.isBigIntLiteral(literal);
  const value = isBig ? BigInt(literal.text.slice(0, -1)) : Number(literal.text);
  const one = isBig ? 1n : 1;
  return [value + one, value === one - one ? value + one : value - one].map((n) => `${n}${isBig ? 'n' : ''}`);
}

function conditionOf(node) {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression;
  return ts.isConditionalExpression(node) ? node.condition : undefined;
}

function negated(condition, file) {
  if (ts.isPrefixUnaryExpression(condition) && condition.operator === K.ExclamationToken)
    return condition.operand.getText(file);
  return `!(${condition.getText(file)})`;
}

function isRemovableCall(expression) {
  if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression))
    return isRemovableCall(expression.expression);
  return ts.isCallExpression(expression) && expression.expression.kind !== K.SuperKeyword;
}

/** `bytes[i] ?? 0`: the right side of `??` is for the compiler only. */
function isReadOfTypedArray(node, checker) {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== K.QuestionQuestionToken) return false;
  if (!ts.isElementAccessExpression(node.left)) return false;
  const name = checker.getTypeAtLocation(node.left.expression).getSymbol()?.name;
  return /^(?:Uint|Int|Float|BigUint|BigInt)\d+(?:Clamped)?Array$/.test(name ?? '');
}

/** Code that makes an error or writes a log: its texts are messages. */
function isMessage(node) {
  if (ts.isNewExpression(node)) return /Error$/.test(node.expression.getText());
  if (ts.isCallExpression(node) && node.expression.kind === K.SuperKeyword) return true;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { expression, name } = node.expression;
  return LOG_METHODS.test(name.text) && /log(ger)?$/i.test(expression.getText());
}

function hasDeclareModifier(node) {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === K.DeclareKeyword);
}
