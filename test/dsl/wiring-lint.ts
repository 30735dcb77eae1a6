/**
 * The lint of wiring functions. A ref is an object, so `ref ? a : b` always takes the first way, and neither types nor
 * refs can tell; this can. Inside a wiring function there may be only what means the same at definition and at run
 * time: literals, lists, objects and property access.
 */
import { type CallExpression, type Node, parseSync, Visitor } from 'oxc-parser';

export interface WiringProblem {
  readonly line: number;
  /** The kind of syntax that is refused, as ESTree names it. */
  readonly found: string;
}

export interface WiringLint {
  /** Wiring functions looked at. */
  readonly functions: number;
  readonly problems: readonly WiringProblem[];
}

/** Where each method of a chain or an edit takes wiring functions, and how many arguments tell it from a namesake. */
const WIRED: { readonly [method: string]: { readonly at: readonly number[]; readonly least: number } } = {
  step: { at: [2], least: 3 },
  use: { at: [2], least: 3 },
  branch: { at: [2], least: 5 },
  map: { at: [2], least: 5 },
  until: { at: [0, 1], least: 2 },
  yield: { at: [0], least: 1 },
  output: { at: [1], least: 2 },
  rewire: { at: [1], least: 2 },
  replace: { at: [2], least: 3 },
};
/** What scorers are defined by: functions, whose wiring is the fourth argument. */
const SCORERS: readonly string[] = ['defineScorer', 'definePairScorer', 'defineHumanScorer'];
const SCORER_WIRING = 3;
const OPTIONS_ARGUMENT = 4;

/** Lints every wiring function of a TypeScript source. */
export function lintWiring(fileName: string, source: string): WiringLint {
  const { program, errors } = parseSync(fileName, source);
  if (errors.length > 0) throw new Error(`${fileName}: ${errors[0]!.message}`);
  const wirings: Node[] = [];
  new Visitor({ CallExpression: (call) => void wirings.push(...wiringsOf(call)) }).visit(program);
  const problems = wirings.flatMap((wiring) =>
    [...refusedIn(wiring)].map(({ node, found = node.type }) => {
      return { line: source.slice(0, node.start).split('\n').length, found };
    }),
  );
  return { functions: wirings.length, problems: problems.sort((one, other) => one.line - other.line) };
}

/** The wiring functions that a call is given, `when` among its options included. */
function wiringsOf(call: CallExpression): readonly Node[] {
  const { callee, arguments: given } = call;
  if (callee.type === 'Identifier')
    return SCORERS.includes(callee.name) ? given.slice(SCORER_WIRING, SCORER_WIRING + 1) : [];
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return [];
  const wired = WIRED[callee.property.name];
  if (!wired || given.length < wired.least) return [];
  const wirings = wired.at.map((index) => given[index]!);
  const options = callee.property.name === 'step' ? given[OPTIONS_ARGUMENT] : undefined;
  if (options?.type !== 'ObjectExpression') return wirings;
  const when = options.properties.flatMap((property) =>
    property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === 'when'
      ? [property.value]
      : [],
  );
  return [...wirings, ...when];
}

interface Refused {
  readonly node: Node;
  readonly found?: string;
}

/** Written in place, one destructured scope, one expression: there is nowhere else to compute. */
function* refusedIn(wiring: Node): Generator<Refused> {
  if (wiring.type !== 'ArrowFunctionExpression') yield { node: wiring };
  else {
    if (wiring.async) yield { node: wiring, found: 'async' };
    for (const parameter of wiring.params) yield* refusedInParameter(parameter);
    if (wiring.body.type === 'BlockStatement') yield { node: wiring.body };
    else yield* refusedInExpression(wiring.body);
  }
}

function* refusedInParameter(parameter: Node): Generator<Refused> {
  if (parameter.type === 'Identifier') return;
  if (parameter.type !== 'ObjectPattern') yield { node: parameter };
  else
    for (const property of parameter.properties) {
      if (property.type === 'RestElement') yield { node: property };
      else yield* refusedInParameter(property.value);
    }
}

function* refusedInExpression(expression: Node): Generator<Refused> {
  switch (expression.type) {
    case 'Identifier':
      if (expression.name === 'undefined') yield { node: expression, found: 'undefined' };
      break;
    case 'Literal':
      if ('regex' in expression || 'bigint' in expression) yield { node: expression };
      break;
    case 'TemplateLiteral':
      if (expression.expressions.length > 0) yield { node: expression };
      break;
    case 'UnaryExpression':
      if (expression.operator !== '-' || expression.argument.type !== 'Literal') yield { node: expression };
      break;
    case 'MemberExpression':
      if (expression.computed && expression.property.type !== 'Literal') yield { node: expression };
      yield* refusedInExpression(expression.object);
      break;
    case 'ArrayExpression':
      for (const element of expression.elements) if (element) yield* refusedInExpression(element);
      break;
    case 'ObjectExpression':
      for (const property of expression.properties) yield* refusedInProperty(property);
      break;
    case 'ParenthesizedExpression':
      yield* refusedInExpression(expression.expression);
      break;
    default:
      yield { node: expression };
  }
}

function* refusedInProperty(property: Node): Generator<Refused> {
  const isPlain = property.type === 'Property' && !property.computed && property.kind === 'init' && !property.method;
  if (isPlain) yield* refusedInExpression(property.value);
  else yield { node: property };
}
