import { parseSync } from '@swc/core';

/** One small change of a source; `start` and `end` are bytes of it, `text` is what stands there instead. */
export type Mutant = { line: number; start: number; end: number; text: string; from: string; to: string };

type Node = { type: string; span: { start: number; end: number } } & Record<string, unknown>;
type Change = { node: Node; text: string; from: string; to: string };
/** Text of the source from a node, or between two. */
type TextOf = (from: Node, to?: Node) => string;

/** What an operator may be mistaken for: its neighbour, its opposite. */
const OPERATORS: Record<string, string[]> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
};
const ASSIGNMENTS: Record<string, string> = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '|=': '&=',
  '&=': '|=',
  '^=': '=',
  '<<=': '>>=',
  '>>=': '<<=',
  '>>>=': '<<=',
  '??=': '=',
  '||=': '=',
  '&&=': '=',
};
const MATH: Record<string, string> = { min: 'max', max: 'min', floor: 'ceil', ceil: 'floor' };
/** Expressions that hold a type beside them; of all else that is TypeScript's nothing is left when it runs. */
const WITH_TYPE = /^Ts(As|NonNull|Satisfies|TypeAssertion|ConstAssertion|Instantiation)/;

/** Stands before the source, so that the parser's first position is known. */
const PREFIX = '0;';

/** All mutants of a TypeScript source, in order: operators, bounds, constants, conditions, and statements left out. */
export function mutantsOf(source: string): Mutant[] {
  const bytes = Buffer.from(PREFIX + source);
  const tree: unknown = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2024' });
  const nodes = [...nodesOf(tree)];
  const origin = nodes.find(({ type }) => type === 'ExpressionStatement')?.span.start ?? 0;
  const textOf: TextOf = (from, to = from) =>
    bytes.toString('utf8', from.span.start - origin, to.span.end - origin);
  const lineOf = (node: Node): number =>
    textOf({ ...node, span: { start: origin, end: node.span.start } }).split('\n').length;
  return nodes
    .flatMap((node) => [...changesOf(node, textOf)])
    .map(({ node, text, from, to }) => ({
      line: lineOf(node),
      start: node.span.start - origin - PREFIX.length,
      end: node.span.end - origin - PREFIX.length,
      text,
      from,
      to,
    }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The source with the change made. */
export function applied(source: string, { start, end, text }: Mutant): string {
  const bytes = Buffer.from(source);
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]).toString();
}

/** Every node that is there when the program runs, but for constants that only the type checker wants. */
function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) {
    if (value.type === 'ImportDeclaration') return;
    if (WITH_TYPE.test(value.type)) return yield* nodesOf(value['expression']);
    if (value.type.startsWith('Ts')) return;
    yield value;
    if (isIndexWithDefault(value)) return yield* nodesOf(value['left']);
  }
  for (const part of Object.values(value)) yield* nodesOf(part);
}

/** `bytes[at] ?? 0`: nothing ever takes the default. */
function isIndexWithDefault({ type, operator, left, right }: Node): boolean {
  return (
    type === 'BinaryExpression' &&
    operator === '??' &&
    isNode(left) &&
    left.type === 'MemberExpression' &&
    isNode(left['property']) &&
    left['property'].type === 'Computed' &&
    isNode(right) &&
    right.type.endsWith('Literal')
  );
}

function* changesOf(node: Node, textOf: TextOf): Generator<Change> {
  const { operator, left, right, argument, test, value, raw } = node;
  const whole = textOf(node);
  switch (node.type) {
    case 'BinaryExpression':
      if (!isNode(left) || !isNode(right) || typeof operator !== 'string') return;
      for (const to of OPERATORS[operator] ?? [])
        yield { node, text: `((${textOf(left)}) ${to} (${textOf(right)}))`, from: operator, to };
      return;
    case 'AssignmentExpression': {
      const to = typeof operator === 'string' ? ASSIGNMENTS[operator] : undefined;
      if (isNode(left) && isNode(right) && typeof operator === 'string' && to !== undefined)
        yield { node, text: `(${textOf(left)} ${to} ${textOf(right)})`, from: operator, to };
      return;
    }
    case 'UnaryExpression':
      if (!isNode(argument) || (operator !== '!' && operator !== '-')) return;
      yield { node, text: `(${textOf(argument)})`, from: `${operator}x`, to: 'x' };
      return;
    case 'UpdateExpression':
      if (operator === '++') yield { node, text: whole.replace('++', '--'), from: '++', to: '--' };
      if (operator === '--') yield { node, text: whole.replace('--', '++'), from: '--', to: '++' };
      return;
    case 'NumericLiteral':
      yield constant(node, String(raw), String(Number(value) + 1));
      return;
    case 'BigIntLiteral':
      yield constant(node, String(raw), `${BigInt(String(raw).replace(/[n_]/g, '')) + 1n}n`);
      return;
    case 'BooleanLiteral':
      yield constant(node, String(value), String(!value));
      return;
    case 'IfStatement':
    case 'ConditionalExpression':
      if (!isNode(test)) return;
      yield { node: test, text: 'true', from: 'condition', to: 'true' };
      yield { node: test, text: 'false', from: 'condition', to: 'false' };
      return;
    case 'WhileStatement':
    case 'DoWhileStatement':
      if (isNode(test) && test.type !== 'BooleanLiteral')
        yield { node: test, text: 'false', from: 'condition', to: 'false' };
      return;
    case 'MemberExpression':
      yield* mathChanges(node, whole);
      return;
    case 'ExpressionStatement':
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      if (!whole.startsWith('super(')) yield leftOut(node, whole);
      return;
    case 'ReturnStatement':
      if (!isNode(argument)) yield leftOut(node, whole);
  }
}

const constant = (node: Node, from: string, to: string): Change => ({ node, text: to, from, to });

const leftOut = (node: Node, whole: string): Change => ({
  node,
  text: ';',
  from: whole.replace(/\s+/g, ' ').slice(0, 60),
  to: 'left out',
});

function* mathChanges(node: Node, whole: string): Generator<Change> {
  const name = /^Math\.(\w+)$/.exec(whole)?.[1] ?? '';
  const other = MATH[name];
  if (other !== undefined) yield { node, text: `Math.${other}`, from: name, to: other };
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'span' in value
  );
}
