/**
 * What a plan means, as a naive sequential interpreter that shares no code with the walker: it goes through the nodes
 * in plan order, again and again if asked, and knows no promises, no cancellation and no order of completion. Asked
 * about a moment in a run, it is given the calls that have ended by then and says which must have been started.
 */
import type {
  Json,
  NodeOutcome,
  Plan,
  PlanNode,
  RepeatNode,
  RunOutcome,
  StepNode,
  Wiring,
} from '../../src/plan/plan.ts';
import type { Answer } from './behave.ts';

/** How a call ended, if it has. */
export type Oracle = (node: StepNode, key: string, call: 'step' | 'fallback', input: Json) => Answer | 'pending';

export interface ExpectedNode {
  /** More than one where several failures race to be named. */
  readonly outcomes: ReadonlySet<NodeOutcome | 'pending'>;
  /** In a scope that can no longer deliver: the walker may have cancelled it, or never come to it. */
  readonly doomed: boolean;
}

export interface Expected {
  readonly outcome: RunOutcome | 'pending';
  readonly output: Json | undefined;
  /** The nodes that may be named as the reason for a failed run. */
  readonly culprits: ReadonlySet<string>;
  readonly nodes: ReadonlyMap<string, ExpectedNode>;
  /** Calls that are due, by `key call`, with their inputs. */
  readonly calls: ReadonlyMap<string, { readonly input: Json; readonly doomed: boolean }>;
  /** An ordinary failure and a mistake both break one round under `keep-last`: the first one decides. */
  readonly racy: boolean;
}

interface Known {
  readonly is: 'known';
  readonly value: Json | undefined;
}
interface Loop {
  readonly is: 'loop';
  readonly node: RepeatNode;
  readonly last: Scope;
  readonly rounds: number;
}
interface Broken {
  readonly is: 'broken';
  readonly culprits: ReadonlySet<string>;
  readonly kinds: ReadonlySet<'ordinary' | 'mistake'>;
}
type Result = Known | Broken | { readonly is: 'pending' };
type Named = Result | Loop;

interface Scope {
  readonly parent: Scope | undefined;
  readonly index: string;
  readonly names: Map<string, Named>;
  dead: boolean;
}

const PENDING = { is: 'pending' } as const;
const known = (value: Json | undefined): Known => ({ is: 'known', value });
const brokenBy = (key: string, kind: 'ordinary' | 'mistake'): Broken => ({
  is: 'broken',
  culprits: new Set([key]),
  kinds: new Set([kind]),
});

export function interpret(plan: Plan, input: Json, oracle: Oracle): Expected {
  const needed = neededPaths(plan);
  const nodes: { key: string; outcomes: Set<NodeOutcome | 'pending'>; scope: Scope }[] = [];
  const calls: { name: string; input: Json; scope: Scope }[] = [];
  let racy = false;

  function open(
    list: readonly PlanNode[],
    parent: Scope | undefined,
    index: string,
    name: string,
    value: Json | undefined,
  ): Scope {
    const scope: Scope = { parent, index, names: new Map([[name, known(value)]]), dead: false };
    for (const node of list) scope.names.set(node.id, runNode(node, scope));
    return scope;
  }

  function runNode(node: PlanNode, scope: Scope): Named {
    const key = node.id + scope.index;
    const entry = { key, outcomes: new Set<NodeOutcome | 'pending'>(), scope };
    nodes.push(entry);
    const run = { step: runStep, repeat: runRepeat, branch: runBranch, map: runMap }[node.kind] as (
      node: PlanNode,
      scope: Scope,
      key: string,
    ) => [Named, NodeOutcome?];
    const [result, outcome] = run(node, scope, key);
    if (result.is === 'pending') entry.outcomes.add('pending');
    else if (result.is === 'broken') {
      if (result.culprits.has(key)) entry.outcomes.add('failed');
      if (result.culprits.size > 1 || !result.culprits.has(key)) entry.outcomes.add('blocked');
    } else entry.outcomes.add(outcome ?? 'completed');
    return result;
  }

  function runStep(node: StepNode, scope: Scope, key: string): [Named, NodeOutcome?] {
    if (node.when) {
      const when = resolve(node.when, scope, key);
      if (when.is !== 'known') return [when];
      if (typeof when.value !== 'boolean') return [brokenBy(key, 'mistake')];
      if (!when.value) return [known(node.orElse), 'skipped'];
    }
    const given = resolve(node.input, scope, key);
    if (given.is !== 'known') return [given];
    if (given.value === undefined) return [brokenBy(key, 'mistake')];
    let failure: 'ordinary' | 'mistake' = 'ordinary';
    for (const call of node.fallback ? (['step', 'fallback'] as const) : (['step'] as const)) {
      calls.push({ name: `${key} ${call}`, input: given.value, scope });
      const answer = oracle(node, key, call, given.value);
      if (answer === 'pending') return [PENDING];
      if ('value' in answer) return [known(answer.value), call === 'step' ? 'completed' : 'fallback'];
      failure = answer.failure;
      if (failure === 'mistake') return [brokenBy(key, failure)];
    }
    return node.orElse === undefined ? [brokenBy(key, failure)] : [known(node.orElse), 'or-else'];
  }

  function runBranch(node: PlanNode & { kind: 'branch' }, scope: Scope, key: string): [Named] {
    const when = resolve(node.when, scope, key);
    if (when.is !== 'known') return [when];
    if (typeof when.value !== 'boolean') return [brokenBy(key, 'mistake')];
    const arm = when.value ? node.then : node.otherwise;
    const inside = open(arm.nodes, scope, scope.index, ':', null);
    const result = resolve(arm.yields, inside, key);
    if (result.is === 'broken') inside.dead = true;
    return [result];
  }

  function runMap(node: PlanNode & { kind: 'map' }, scope: Scope, key: string): [Named, NodeOutcome?] {
    const over = resolve(node.over, scope, key);
    if (over.is !== 'known') return [over];
    const items = listOf(over.value);
    if (!items) return [brokenBy(key, 'mistake')];
    if (items.length > node.max && node.whenOver === 'fail') return [brokenBy(key, 'ordinary')];
    const count = Math.min(items.length, node.max);
    const scopes: Scope[] = [];
    const results: Result[] = [];
    const finished = () => results.filter((result) => result.is === 'known').length;
    while (scopes.length < Math.min(count, node.concurrency + finished())) {
      const index = scopes.length;
      const inside = open(node.nodes, scope, `${scope.index}[${index}]`, `${node.id}:item`, items[index]!);
      const result = resolve(node.yields, inside, key);
      scopes.push(inside);
      results.push(result.is === 'known' && result.value === undefined ? brokenBy(key, 'mistake') : result);
    }
    const all = combine(results);
    if (all.is === 'broken') for (const inside of scopes) inside.dead = true;
    if (all.is !== 'known' || results.length < count) return [all.is === 'broken' ? all : PENDING];
    const values = results.map((result) => (result as Known).value as Json);
    return [known(values), items.length > node.max ? 'truncated' : 'completed'];
  }

  function runRepeat(node: RepeatNode, scope: Scope, key: string): [Named, NodeOutcome?] {
    const rounds: Scope[] = [];
    const stands = (reason: Broken, round: number): [Named, NodeOutcome?] => {
      const lenient = node.whenExhausted === 'keep-last' && round > 0;
      if (lenient && reason.kinds.size > 1) racy = true;
      if (lenient && !reason.kinds.has('mistake')) {
        return [{ is: 'loop', node, last: rounds[round - 1]!, rounds: round }, 'exhausted'];
      }
      for (const inside of rounds) inside.dead = true;
      return [reason];
    };
    let carry: Json | undefined = node.start;
    for (let round = 1; ; round++) {
      const inside = open(node.nodes, scope, `${scope.index}[${round}]`, `${node.id}:carry`, carry);
      rounds.push(inside);
      const until = resolve(node.until, inside, key);
      const reads = (needed.get(node.id) ?? []).map((fields) => readYield(node, fields, inside, key));
      const complete = combine([until, ...reads]);
      if (complete.is === 'broken') {
        inside.dead = true;
        return stands(complete, round - 1);
      }
      if (complete.is === 'pending') return [PENDING];
      const done = (until as Known).value;
      if (typeof done !== 'boolean') {
        for (const each of rounds) each.dead = true;
        return [brokenBy(key, 'mistake')];
      }
      if (done) return [{ is: 'loop', node, last: inside, rounds: round }, 'completed'];
      if (round === node.max) return stands(brokenBy(key, 'ordinary'), round);
      const next = resolve(node.carry, inside, key);
      if (next.is === 'broken') return stands(next, round);
      if (next.is === 'pending') return [PENDING];
      carry = next.value;
    }
  }

  // ---- values

  function resolve(wiring: Wiring, scope: Scope, key: string): Result {
    if ('$value' in wiring) return known(wiring.$value);
    if ('$from' in wiring) return readPath(wiring.$from, scope, key);
    const parts = '$list' in wiring ? wiring.$list : Object.values(wiring.$object);
    const results = parts.map((part) => resolve(part, scope, key));
    const all = combine(results);
    if (all.is !== 'known') return all;
    const values = results.map((result) => (result as Known).value);
    if ('$list' in wiring) {
      return values.includes(undefined) ? brokenBy(key, 'mistake') : known(values as Json[]);
    }
    const entries = Object.keys(wiring.$object).map((name, index) => [name, values[index]] as const);
    return known(Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Json);
  }

  function readPath([name, ...fields]: readonly string[], scope: Scope, key: string): Result {
    let holder: Scope | undefined = scope;
    while (holder && !holder.names.has(name!)) holder = holder.parent;
    const found = holder?.names.get(name!);
    if (!found) return brokenBy(key, 'mistake');
    if (found.is === 'loop') {
      return fields[0] === 'rounds'
        ? known(found.rounds)
        : readYield(found.node, fields, found.last, key, found.rounds);
    }
    return found.is === 'known' ? enter(found.value, fields, key) : found;
  }

  function readYield(node: RepeatNode, fields: readonly string[], inside: Scope, key: string, rounds?: number): Result {
    const [name, ...rest] = fields;
    if (name === undefined) {
      const whole: Wiring = { $object: { ...node.yields, ...(rounds && { rounds: { $value: rounds } }) } };
      return resolve(whole, inside, key);
    }
    return readWiring(node.yields[name]!, rest, inside, key);
  }

  /** Only what is read has to be known: a field of an object that is wired field by field waits for that field. */
  function readWiring(wiring: Wiring, fields: readonly string[], scope: Scope, key: string): Result {
    if (fields.length > 0 && '$from' in wiring) return readPath([...wiring.$from, ...fields], scope, key);
    const [field, ...rest] = fields;
    if (field !== undefined && '$object' in wiring && wiring.$object[field]) {
      return readWiring(wiring.$object[field], rest, scope, key);
    }
    const whole = resolve(wiring, scope, key);
    return whole.is === 'known' ? enter(whole.value, fields, key) : whole;
  }

  const root = open(plan.nodes, undefined, '', 'input', input);
  const output = resolve(plan.output, root, 'output');
  if (output.is === 'broken') root.dead = true;
  const doomed = (scope: Scope | undefined): boolean => scope !== undefined && (scope.dead || doomed(scope.parent));
  const second = nodes.some(({ outcomes }) => !outcomes.has('completed') && !outcomes.has('skipped'));
  return {
    outcome:
      output.is === 'pending' ? 'pending' : output.is === 'broken' ? 'failed' : second ? 'degraded' : 'completed',
    output: output.is === 'known' ? output.value : undefined,
    culprits: output.is === 'broken' ? output.culprits : new Set(),
    nodes: new Map(nodes.map(({ key, outcomes, scope }) => [key, { outcomes, doomed: doomed(scope) }])),
    calls: new Map(calls.map((call) => [call.name, { input: call.input, doomed: doomed(call.scope) }])),
    racy,
  };
}

/** Broken as soon as one part is, whatever is still pending. */
function combine(results: readonly Result[]): Result {
  const broken = results.filter((result) => result.is === 'broken');
  if (broken.length > 0) {
    return {
      is: 'broken',
      culprits: new Set(broken.flatMap((result) => [...result.culprits])),
      kinds: new Set(broken.flatMap((result) => [...result.kinds])),
    };
  }
  return results.some((result) => result.is === 'pending') ? PENDING : known(null);
}

type Fields = { readonly [key: string]: Json };

function enter(value: Json | undefined, fields: readonly string[], key: string): Result {
  if (fields.length === 0) return known(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return brokenBy(key, 'mistake');
  const { $claim, path } = value as Fields;
  if (typeof $claim === 'string') return known({ $claim, path: [...((path as Json[]) ?? []), ...fields] });
  return enter((value as Fields)[fields[0]!], fields.slice(1), key);
}

function listOf(value: Json | undefined): readonly Json[] | undefined {
  if (Array.isArray(value)) return value;
  const { $claim, path, length } = (value ?? {}) as Fields;
  if (typeof $claim !== 'string' || typeof length !== 'number') return undefined;
  return Array.from({ length }, (_, index) => ({ $claim, path: [...((path as Json[]) ?? []), index] }));
}

// ---- what the output needs of each loop, by going round until nothing new is found

function neededPaths(plan: Plan): Map<string, string[][]> {
  const all = everyNode(plan.nodes);
  const reached = new Set(pathsIn(plan.output).map((path) => JSON.stringify(path)));
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const text of [...reached]) {
      const [id, ...fields] = JSON.parse(text) as string[];
      const node = all.find((candidate) => candidate.id === id);
      if (node) for (const path of readBy(node, fields)) reached.add(JSON.stringify(path));
    }
  }
  const needed = new Map<string, string[][]>();
  for (const text of reached) {
    const [id, ...fields] = JSON.parse(text) as string[];
    const node = all.find((candidate) => candidate.id === id);
    if (node?.kind === 'repeat' && fields[0] !== 'rounds')
      needed.set(node.id, [...(needed.get(node.id) ?? []), fields]);
  }
  return needed;
}

function readBy(node: PlanNode, fields: readonly string[]): string[][] {
  switch (node.kind) {
    case 'step':
      return [...pathsIn(node.input), ...(node.when ? pathsIn(node.when) : [])];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields].flatMap((wiring) => pathsIn(wiring));
    case 'map':
      return [node.over, node.yields].flatMap((wiring) => pathsIn(wiring));
    case 'repeat': {
      const [name, ...rest] = fields;
      const yields = name === undefined ? Object.values(node.yields) : [node.yields[name] ?? { $value: null }];
      return [...pathsIn(node.until), ...pathsIn(node.carry), ...yields.flatMap((wiring) => pathsIn(wiring, rest))];
    }
  }
}

function pathsIn(wiring: Wiring, fields: readonly string[] = []): string[][] {
  if ('$value' in wiring) return [];
  if ('$from' in wiring) return [[...wiring.$from, ...fields]];
  if ('$list' in wiring) return wiring.$list.flatMap((part) => pathsIn(part));
  const [field, ...rest] = fields;
  const entered = field === undefined ? undefined : wiring.$object[field];
  return entered ? pathsIn(entered, rest) : Object.values(wiring.$object).flatMap((part) => pathsIn(part));
}

function everyNode(nodes: readonly PlanNode[]): PlanNode[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'step') return [node];
    if (node.kind === 'branch') return [node, ...everyNode(node.then.nodes), ...everyNode(node.otherwise.nodes)];
    return [node, ...everyNode(node.nodes)];
  });
}
