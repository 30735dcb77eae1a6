/**
 * A plan read from outside (a file, a request, a row that another version wrote) is untrusted. It is looked at in three
 * passes, each of which may rely on the one before: is it JSON within bounds, has it the format's shape, and does it
 * mean something. All problems of a pass are reported together, each with its node and its remedy.
 */
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { checkRules, type PlanProblem, problem } from './check-rules.ts';
import { canonicalBytes } from './id.ts';
import { findJsonFault, freezeJson } from './json.ts';
import { bodiesOf, nodesOf, type Source, sourcesOf } from './nodes.ts';
import { type Json, PLAN_FORMAT, type Plan, type PlanNode, type Wiring } from './plan.ts';
import { LIMITS } from './plan-limits.ts';

export type PlanCheck =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

export interface PlanCheckOptions {
  /** The steps that can be called, as `rerank@2`. Absent: steps are not looked up. */
  readonly catalogue?: ReadonlySet<string>;
}

/** Whether a value from outside is a plan that can run; when it is, a frozen copy of it. */
export function checkPlan(value: unknown, options: PlanCheckOptions = {}): PlanCheck {
  const bounds = checkBounds(value);
  if (bounds.length > 0) return { ok: false, problems: bounds };

  const parsed = planSchema.safeParse(value);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map((issue) => shapeProblem(issue, value)) };

  const plan = parsed.data;
  const problems = [...checkRules(plan, options.catalogue), ...findUnseen(plan)];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, plan: freezeJson(plan) };
}

/**
 * As `checkPlan`, for callers who cannot go on without a plan.
 *
 * @throws SluiceError `plan_invalid`, naming the first problem; all are in its data.
 */
export function requirePlan(value: unknown, options: PlanCheckOptions = {}): Plan {
  const check = checkPlan(value, options);
  if (check.ok) return check.plan;
  const [first, ...others] = check.problems;
  throw new SluiceError('plan_invalid', {
    message: `the plan cannot run: ${first!.message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`,
    remedy: first!.remedy,
    data: { problems: check.problems.map((problem) => ({ ...problem })) },
  });
}

// ---------------------------------------------------------------- is it JSON within bounds?

function checkBounds(value: unknown): PlanProblem[] {
  const fault = findJsonFault(value);
  if (fault) {
    const node = nodeAt(value, fault.path);
    return [problem('not_json', node, `${place(fault.path)} ${fault.message}`, 'write the plan as plain JSON')];
  }
  const bytes = canonicalBytes(value as Json);
  if (bytes > LIMITS.planBytes)
    return [
      problem(
        'plan_too_big',
        undefined,
        `the plan has ${bytes} bytes, and at most ${LIMITS.planBytes} are allowed`,
        'move long texts out of the configs, or split the pipeline',
      ),
    ];
  const format = value !== null && typeof value === 'object' && 'format' in value ? value.format : undefined;
  if (typeof format !== 'number' || format === PLAN_FORMAT) return [];
  const newer = format > PLAN_FORMAT;
  return [
    problem(
      'format_unknown',
      undefined,
      `the plan has format ${format}, and this version of Sluice reads format ${PLAN_FORMAT}`,
      newer ? 'upgrade sluice' : 'lower the pipeline again with this version',
    ),
  ];
}

// ---------------------------------------------------------------- has it the format's shape?

function shapeProblem(issue: z.core.$ZodIssue, value: unknown): PlanProblem {
  const deepest = deepestOf(issue);
  const path = deepest.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  return problem(
    'shape',
    nodeAt(value, path),
    `${place(path)}: ${deepest.message}`,
    'compare it with the published format, a JSON Schema: sluice/plan.schema.json in the package',
  );
}

/** Of a union's complaints those about the alternative that has all of the value's keys: it is what its author meant. */
function deepestOf(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue;
  const meant = issue.errors.find((issues) => issues.every(({ code }) => code !== 'unrecognized_keys'));
  const [first] = (meant ?? []).map(deepestOf);
  if (first === undefined || first.path.length === 0) return issue;
  return { path: [...issue.path, ...first.path], message: first.message };
}

/** The innermost node that a path leads through. */
function nodeAt(value: unknown, path: readonly (string | number)[]): string | undefined {
  let here = value;
  let node: string | undefined;
  for (const key of path) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, key)) break;
    here = (here as Record<string | number, unknown>)[key];
    const isNode = here !== null && typeof here === 'object' && 'kind' in here && 'id' in here;
    if (isNode && typeof (here as { id: unknown }).id === 'string') node = (here as { id: string }).id;
  }
  return node;
}

function place(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'the plan';
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}

/*
 * The plan format, as one schema with two faces: zod parses plans that come from outside, and the JSON Schema made of it
 * is published (`docs/plan.schema.json`) for programs in other languages.
 */

const json: z.ZodType<Json> = z
  .lazy(() => z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]))
  .meta({ id: 'Json' });
const limit = (max: number) => z.int().min(1).max(max);
const durationMs = limit(LIMITS.durationMs);

const id = z.string().regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, {
  error: "an id holds letters, digits, '-' and '_', and '/' between the ids that a used pipeline joined",
});
const source = z.string().regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*(:carry|:item)?$/, {
  error: "a ref starts with a node's id, 'input', 'loop:carry' or 'map:item'",
});
const stepName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*@[1-9][0-9]*$/, {
  error: "a step is named with its version, as in 'rerank@2'",
});

const wiring: z.ZodType<Wiring> = z
  .lazy(() =>
    z.union(
      [
        z.strictObject({ $from: z.tuple([source], z.string()).meta({ minItems: 1 }) }),
        z.strictObject({ $value: json }),
        z.strictObject({ $list: z.array(wiring) }),
        z.strictObject({ $object: z.record(z.string(), wiring) }),
      ],
      { error: 'a wiring is an object with exactly one of $from, $value, $list and $object' },
    ),
  )
  .meta({ id: 'Wiring' });

const call = z.strictObject({ step: stepName, config: json }).meta({ id: 'StepCall' });

const policy = z
  .strictObject({
    attempts: limit(LIMITS.attempts),
    timeoutMs: durationMs,
    backoff: z.strictObject({
      firstMs: durationMs,
      factor: z.number().min(1).max(LIMITS.backoffFactor),
      maxMs: durationMs,
    }),
    heartbeatMs: durationMs.exactOptional(),
    beats: z.enum(['timer', 'progress']).exactOptional(),
    lane: z.enum(['activity', 'local']),
    taskQueue: z.string().min(1).max(LIMITS.inlinedIdLength).exactOptional(),
  })
  .meta({ id: 'CallPolicy' });

const step = z.strictObject({
  kind: z.literal('step'),
  id,
  call,
  input: wiring,
  policy,
  fallback: call.exactOptional(),
  orElse: json.exactOptional(),
  when: wiring.exactOptional(),
});

const nodes = z.array(z.lazy(() => node));

const repeat = z.strictObject({
  kind: z.literal('repeat'),
  id,
  max: limit(LIMITS.rounds),
  start: json,
  whenExhausted: z.enum(['keep-last', 'fail']),
  nodes,
  until: wiring,
  carry: wiring,
  yields: z.record(z.string(), wiring),
});

const arm = z.strictObject({ nodes, yields: wiring }).meta({ id: 'Arm' });

const branch = z.strictObject({
  kind: z.literal('branch'),
  id,
  when: wiring,
  // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
  then: arm,
  otherwise: arm,
});

const map = z.strictObject({
  kind: z.literal('map'),
  id,
  over: wiring,
  max: limit(LIMITS.items),
  concurrency: limit(LIMITS.concurrency),
  whenOver: z.enum(['truncate', 'fail']),
  nodes,
  yields: wiring,
});

const node: z.ZodType<PlanNode> = z
  .discriminatedUnion('kind', [step, repeat, branch, map], {
    error: "a node's kind is 'step', 'repeat', 'branch' or 'map'",
  })
  .meta({ id: 'PlanNode' });

/** The shape of a plan. Use `checkPlan` for one that comes from outside: shape is only half of it. */
const planSchema: z.ZodType<Plan> = z
  .strictObject({
    format: z.literal(PLAN_FORMAT),
    pipeline: z.string().min(1).max(LIMITS.idLength),
    schemas: z.strictObject({ input: json, output: json }),
    nodes,
    output: wiring,
  })
  .meta({
    title: 'Sluice plan',
    description:
      'What a pipeline lowers to: nodes, wiring, policies and configs, as data. Its SHA-256 is its identity.',
  });

/** The plan format as JSON Schema 2020-12, as published. */
export function planJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(planSchema, { target: 'draft-2020-12' });
}

// Which refs a plan may hold. A node sees the pipeline's input, the nodes defined before it in its own scope and in the
// scopes around it, and what those containers give their bodies (a carry, an item). Of a container only what it yields
// leaves. Since a ref can only point back, a plan that passes holds no cycle; the error names the cycle otherwise.

/** What a name offers: `undefined` is opaque (any field may exist), a list has no fields, else the fields themselves. */
type Fields = ReadonlyMap<string, Fields> | 'list' | undefined;
type Scope = ReadonlyMap<string, Fields>;

/** Every ref that points to nothing visible at its place. */
function findUnseen(plan: Plan): PlanProblem[] {
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
