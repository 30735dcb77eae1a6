/**
 * A plan read from outside (a file, a request, a row that another version wrote) is untrusted. It is looked at in three
 * passes, each of which may rely on the one before: is it JSON within bounds, has it the format's shape, and does it
 * mean something. All problems of a pass are reported together, each with its node and its remedy.
 */
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { checkRules, type PlanProblem, problem } from './check-rules.ts';
import { canonicalBytes } from './id.ts';
import { findJsonFault, freezeJson } from './json.ts';
import { type Json, PLAN_FORMAT, type Plan, type PlanNode, type Wiring } from './plan.ts';
import { LIMITS } from './plan-limits.ts';
import { findUnseen } from './visibility.ts';

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
