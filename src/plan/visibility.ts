/**
 * Which refs a plan may hold. A node sees the pipeline's input, the nodes defined before it in its own scope and in the
 * scopes around it, and what those containers give their bodies (a carry, an item). Of a container only what it yields
 * leaves. Since a ref can only point back, a plan that passes holds no cycle; the error names the cycle otherwise.
 */
import { nearest } from '../base/nearest.ts';
import { type PlanProblem, problem } from './check-rules.ts';
import { bodiesOf, nodesOf, type Source, sourcesOf } from './nodes.ts';
import type { Json, Plan, PlanNode, Wiring } from './plan.ts';

/** What a name offers: `undefined` is opaque (any field may exist), a list has no fields, else the fields themselves. */
type Fields = ReadonlyMap<string, Fields> | 'list' | undefined;
type Scope = ReadonlyMap<string, Fields>;

/** Every ref that points to nothing visible at its place. */
export function findUnseen(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const world = { plan, holders: holdersOf(plan) };

  const look = (wiring: Wiring | undefined, at: Place, scope: Scope) => {
    if (wiring === undefined) return;
    for (const source of sourcesOf(wiring)) {
      const problem = problemOf(source, at, scope, world);
      if (problem) problems.push(problem);
    }
  };
  const body = (nodes: readonly PlanNode[], outer: Scope): Scope => {
    const scope = new Map(outer);
    for (const node of nodes) {
      visit(node, scope);
      scope.set(node.id, fieldsOf(node));
    }
    return scope;
  };
  const visit = (node: PlanNode, scope: Scope): void => {
    const at = (facet: string, body?: string): Place => ({ node: node.id, facet, ...(body && { body }) });
    switch (node.kind) {
      case 'step':
        look(node.input, at('input'), scope);
        look(node.when, at('when'), scope);
        break;
      case 'repeat': {
        const round = body(node.nodes, new Map(scope).set(`${node.id}:carry`, undefined));
        look(node.until, at('until', 'body'), round);
        look(node.carry, at('carry', 'body'), round);
        for (const wiring of Object.values(node.yields)) look(wiring, at('yields', 'body'), round);
        break;
      }
      case 'branch':
        look(node.when, at('when'), scope);
        look(node.then.yields, at('then', 'then'), body(node.then.nodes, scope));
        look(node.otherwise.yields, at('otherwise', 'otherwise'), body(node.otherwise.nodes, scope));
        break;
      case 'map':
        look(node.over, at('over'), scope);
        look(node.yields, at('yields', 'body'), body(node.nodes, new Map(scope).set(`${node.id}:item`, undefined)));
        break;
      default:
        node satisfies never;
    }
  };
  const end = body(plan.nodes, new Map([['input', fieldsOfSchema(plan.schemas.input)]]));
  look(plan.output, { facet: 'output' }, end);
  return problems;
}

interface Place {
  readonly node?: string;
  readonly facet: string;
  /** The body of the node itself that the wiring stands at the end of, if it does. */
  readonly body?: string;
}

interface World {
  readonly plan: Plan;
  /** Of every node, the bodies around it, outermost first. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>;
}

/** A container and which of its bodies: a branch's arms do not see each other. */
interface Holder {
  readonly node: PlanNode;
  readonly body: string;
}

function fieldsOf(node: PlanNode): Fields {
  if (node.kind === 'map') return 'list';
  if (node.kind !== 'repeat') return undefined;
  return new Map([...Object.keys(node.yields), 'rounds'].map((name) => [name, undefined]));
}

/** The declared fields of a JSON Schema that is a plain object; anything else is passed whole. */
function fieldsOfSchema(schema: Json | undefined): Fields {
  if (schema === null || typeof schema !== 'object' || !('properties' in schema)) return undefined;
  const { properties } = schema;
  if (properties === null || typeof properties !== 'object') return undefined;
  return new Map(Object.entries(properties).map(([key, inner]) => [key, fieldsOfSchema(inner)]));
}

function holdersOf(plan: Plan): Map<string, readonly Holder[]> {
  const holders = new Map<string, readonly Holder[]>();
  const enter = (nodes: readonly PlanNode[], around: readonly Holder[]) => {
    for (const node of nodes) {
      holders.set(node.id, around);
      for (const inner of bodiesOf(node)) enter(inner.nodes, [...around, { node, body: inner.name }]);
    }
  };
  enter(plan.nodes, []);
  return holders;
}

function problemOf(source: Source, at: Place, scope: Scope, world: World): PlanProblem | undefined {
  const [head, ...fields] = source;
  const subject = at.node === undefined ? `the pipeline's ${at.facet}` : `'${at.node}' (${at.facet})`;
  const make: MakeProblem = (code, why, remedy) =>
    problem(code, at.node, `${subject} reads '${source.join('.')}', ${why}`, remedy);
  if (!scope.has(head)) return unseen(head, fields, at, scope, world, make);

  let offered = scope.get(head);
  for (const field of fields) {
    if (offered === undefined) return undefined;
    if (offered === 'list') return make('ref_into_list', `but '${head}' is a list`, `pass '${head}' whole to a step`);
    if (!offered.has(field)) {
      const names = [...offered.keys()];
      const near = nearest(field, names);
      const remedy = near === undefined ? `it has ${names.join(', ') || 'no fields'}` : `did you mean '${near}'?`;
      return make('ref_unknown_field', `but there is no '${field}'`, remedy);
    }
    offered = offered.get(field);
  }
  return undefined;
}

type MakeProblem = (code: string, why: string, remedy: string) => PlanProblem;

function unseen(
  head: string,
  fields: readonly string[],
  at: Place,
  scope: Scope,
  world: World,
  make: MakeProblem,
): PlanProblem {
  const [owner = head, local] = head.split(':');
  const holders = world.holders.get(owner);
  if (holders === undefined) {
    const near = nearest(head, scope.keys());
    const remedy = near === undefined ? `in scope are ${[...scope.keys()].join(', ')}` : `did you mean '${near}'?`;
    return make('ref_unknown', 'but no node has that id', remedy);
  }
  if (local !== undefined)
    return make('ref_unseen', `which only the body of '${owner}' can see`, `wire it inside '${owner}' and yield it`);
  const cycle = at.node === undefined ? undefined : findCycle(at.node, owner, world.plan);
  if (cycle !== undefined)
    return make('ref_cycle', `which closes a cycle: ${cycle.join(' → ')}`, 'a node may read only what is before it');
  const hidden = holders.find((holder) => !isAround(holder, at, world))?.node;
  if (hidden === undefined) return make('ref_order', 'which is defined after it', `define '${owner}' before it`);
  if (hidden.kind === 'repeat')
    return make(
      'ref_unseen',
      `which is inside the loop '${hidden.id}'`,
      `read '${[hidden.id, owner, ...fields].join('.')}', its last round`,
    );
  return make(
    'ref_unseen',
    `which is inside the ${hidden.kind} '${hidden.id}' and may not have run`,
    `yield it from '${hidden.id}'`,
  );
}

function isAround(holder: Holder, at: Place, world: World): boolean {
  if (at.node === undefined) return false;
  if (holder.node.id === at.node) return holder.body === at.body;
  return world.holders.get(at.node)!.some((each) => each.node === holder.node && each.body === holder.body);
}

/** The way from a node by its refs back to itself, if its reading `owner` would close one. */
function findCycle(node: string, owner: string, plan: Plan): readonly string[] | undefined {
  const reads = new Map([...nodesOf(plan)].map((each) => [each.id, readsOf(each)]));
  const visited = new Set<string>();
  const open: (readonly string[])[] = [[node, owner]];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    const last = way.at(-1)!;
    if (last === node) return way;
    if (visited.has(last)) continue;
    visited.add(last);
    for (const next of reads.get(last) ?? []) open.push([...way, next]);
  }
  return undefined;
}

/** What must be known before a node is: what it reads, and for a container also the nodes it holds. */
function readsOf(node: PlanNode): readonly string[] {
  const heads = (wirings: readonly (Wiring | undefined)[]) =>
    wirings.flatMap((wiring) => (wiring ? [...sourcesOf(wiring)].map(([head]) => head.split(':')[0]!) : []));
  const inside = bodiesOf(node).flatMap((inner) => inner.nodes.map((each) => each.id));
  switch (node.kind) {
    case 'step':
      return heads([node.input, node.when]);
    case 'repeat':
    case 'map':
      return [...inside, ...heads(node.kind === 'map' ? [node.over] : [])];
    case 'branch':
      return [...inside, ...heads([node.when])];
    default:
      return node satisfies never;
  }
}
