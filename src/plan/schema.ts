/**
 * The plan format, as one schema with two faces: zod parses plans that come from outside, and the JSON Schema made of it
 * is published (`docs/plan.schema.json`) for programs in other languages. What one object's shape cannot say (unique
 * ids, visibility, cycles) is in `check.ts`.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { type Json, PLAN_FORMAT, type Plan, type PlanNode, type Wiring } from './plan.ts';

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
export const planSchema: z.ZodType<Plan> = z
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
