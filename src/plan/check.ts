/**
 * A plan read from outside (a file, a request, a row that another version wrote) is untrusted. It is looked at in three
 * passes, each of which may rely on the one before: is it JSON within bounds, has it the format's shape, and does it
 * mean something. All problems of a pass are reported together, each with its node and its remedy.
 */
import type { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { canonicalBytes } from './id.ts';
import { findJsonFault, freezeJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { type Json, PLAN_FORMAT, type Plan } from './plan.ts';
import { type PlanProblem, problem } from './problem.ts';
import { checkRules } from './rules.ts';
import { planSchema } from './schema.ts';
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
