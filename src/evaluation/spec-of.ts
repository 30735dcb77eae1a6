/**
 * Builds an evaluation's specification from its definition and the request. It counts as declared only when unchanged:
 * with fewer examples or other repeats it is undeclared.
 */
import { SluiceError } from '../base/errors.ts';
import type { AnyPipeline, AnyVariant } from '../dsl/edit.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { Split } from '../model/dataset.ts';
import { type EvaluationSpec, type ScorerSpec, SPEC_FORMAT } from '../model/evaluation-spec.ts';
import { canonicalJson, planId } from '../plan/id.ts';
import { callsOfNode } from '../plan/nodes.ts';
import { type Json, PLAN_FORMAT, type Plan, type PlanNode, type StepNode } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';

export interface SpecRequest {
  readonly definition: AnyEvaluation;
  /** The dataset's version that it runs on. */
  readonly version: string;
  /** How many examples of that version it has by split and tag. */
  readonly count: (filter: { readonly split?: Split; readonly tag?: string }) => Promise<number>;
  readonly changes?: SpecChanges;
}

/** What goes over the definition. */
export interface SpecChanges {
  /** In place of the definition's. */
  readonly variants?: readonly AnyVariant[];
  readonly split?: 'dev' | 'final' | 'all';
  readonly tag?: string;
  /** The first examples by id. */
  readonly limit?: number;
  readonly repeats?: number;
  /** The baseline against itself. */
  readonly isAa?: boolean;
}

export interface AskedEvaluation {
  readonly spec: EvaluationSpec;
  /** In the order of the spec's variants. */
  readonly plans: readonly Plan[];
}

/** @throws SluiceError `dataset_empty`, `repeats_invalid`, `variants_missing`, `variants_alike` */
export async function specOf({ definition, version, count, changes = {} }: SpecRequest): Promise<AskedEvaluation> {
  const { isAa = false, tag, limit, repeats = definition.repeats } = changes;
  if (!Number.isInteger(repeats) || repeats < 1 || repeats > LIMITS.repeats) throw repeatsInvalid(repeats);
  const split = changes.split === undefined ? definition.split : changes.split === 'all' ? null : changes.split;
  const there = await count({ ...(split && { split }), ...(tag !== undefined && { tag }) });
  const examples = Math.min(there, limit ?? there);
  if (examples === 0) throw empty(definition.dataset.name, split, tag);
  const isChanged =
    isAa || tag !== undefined || examples !== there || split !== definition.split || repeats !== definition.repeats;
  const pipelines = sidesOf(definition, changes);
  const spec: EvaluationSpec = {
    format: SPEC_FORMAT,
    definition: isChanged ? null : definition.id,
    name: definition.id,
    pipeline: definition.pipeline.id,
    dataset: { name: definition.dataset.name, version, split, tag: tag ?? null, examples },
    variants: pipelines.map(({ name, plan }) => ({ name, planId: planId(plan) })),
    scorers: definition.scorers.map((scorer) => scorer.spec),
    metrics: definition.metrics,
    repeats,
    mode: isAa ? 'aa' : 'compare',
    alpha: definition.alpha,
  };
  return { spec: Object.freeze(spec), plans: pipelines.map(({ plan }) => plan) };
}

function sidesOf({ id, baseline, variants: defined }: AnyEvaluation, { variants = defined, isAa }: SpecChanges) {
  const first = { name: nameOf(baseline), plan: baseline.plan };
  if (isAa) return [first, { name: `${first.name} again`, plan: baseline.plan }];
  const others = variants.filter((variant) => planId(variant.plan) !== planId(baseline.plan) || variant !== baseline);
  if (others.length === 0)
    throw new SluiceError('variants_missing', {
      message: `'${id}' has no variant to compare with ${first.name}`,
      remedy: 'name some: --variants NAME,NAME; or measure the noise alone: --aa',
    });
  const sides = [first, ...others.map((variant) => ({ name: variant.name, plan: variant.plan }))];
  const alike = sides.find(({ name }, place) => sides.findIndex((side) => side.name === name) !== place);
  if (alike)
    throw new SluiceError('variants_alike', {
      message: `'${id}' has two sides named '${alike.name}'`,
      remedy: 'name each variant once',
    });
  return sides;
}

const nameOf = (pipeline: AnyPipeline): string =>
  'name' in pipeline && typeof pipeline.name === 'string' ? pipeline.name : 'baseline';

function empty(dataset: string, split: Split | null, tag: string | undefined): SluiceError {
  const which = `${split === null ? '' : ` of ${split}`}${tag === undefined ? '' : ` tagged '${tag}'`}`;
  return new SluiceError('dataset_empty', {
    message: `'${dataset}' has no examples${which}`,
    remedy: `see what it holds: sluice dataset show ${dataset}`,
    data: { dataset },
  });
}

const repeatsInvalid = (repeats: number): SluiceError =>
  new SluiceError('repeats_invalid', {
    message: `repeats is ${repeats}`,
    remedy: `give a whole number from 1 to ${LIMITS.repeats}`,
  });

/**
 * Scorers as plans of one step each, so that their requirements are checked like a pipeline's and reported under their
 * names.
 */
export function scorerPlans({ scorers }: Pick<EvaluationSpec, 'scorers'>): readonly Plan[] {
  return scorers.flatMap(({ id, call, policy, input }) =>
    call === null || policy === null
      ? []
      : [{ ...EMPTY, pipeline: id, nodes: [{ kind: 'step', id, call, input, policy }] }],
  );
}

const EMPTY = { format: PLAN_FORMAT, schemas: { input: {}, output: {} }, output: { $value: null } } as const;

// The largest number of calls that an evaluation may make: every loop runs to its limit, every map is full, every
// fallback is used, and branches take the longer arm. Calls that variants share count once: equal nodes with equal
// sources, back to the input.

/** Which steps count: all, or those of paid models. */
export type Counts = (node: Pick<StepNode, 'call' | 'fallback'>) => boolean;

/** @param plans of the spec's variants, in their order */
export function callsAtMost(spec: EvaluationSpec, plans: readonly Plan[], counts: Counts): number {
  const { dataset, repeats, scorers, mode } = spec;
  const runs = mode === 'aa' ? plans.map((plan) => [plan]) : [plans];
  const ofRuns = runs.map((sharing) => distinctCalls(sharing, counts)).reduce((sum, calls) => sum + calls, 0);
  const ofScorers = scorers.reduce((sum, scorer) => sum + scoringCalls(scorer, plans.length, counts), 0);
  return dataset.examples * repeats * (ofRuns + ofScorers);
}

/** A pair is judged in both orders, and the baseline is no pair. */
function scoringCalls({ kind, call }: ScorerSpec, variants: number, counts: Counts): number {
  if (call === null || !counts({ call })) return 0;
  return kind === 'pair' ? 2 * (variants - 1) : variants;
}

function distinctCalls(plans: readonly Plan[], counts: Counts): number {
  const calls = new Map<string, number>();
  for (const plan of plans) {
    const identities = new Map<string, string>();
    for (const node of plan.nodes) {
      const identity = identityOf(node, identities);
      identities.set(node.id, identity);
      calls.set(identity, callsOf(node, counts));
    }
  }
  return [...calls.values()].reduce((sum, number) => sum + number, 0);
}

/** Identity of a node: its definition and the identities of the nodes that it reads. */
function identityOf(node: PlanNode, known: ReadonlyMap<string, string>): string {
  const heads = [...new Set(headsIn(node as unknown as Json))].sort();
  const read = heads.flatMap((head) => (known.has(head) ? [[head, known.get(head)!]] : []));
  return canonicalJson([node, read] as unknown as Json);
}

/** The sources of all refs anywhere in a node. */
function headsIn(json: Json): readonly string[] {
  if (json === null || typeof json !== 'object') return [];
  if (Array.isArray(json)) return (json as readonly Json[]).flatMap(headsIn);
  const object = json as { readonly [key: string]: Json };
  const ref = object.$from;
  return Array.isArray(ref) ? [String(ref[0])] : Object.values(object).flatMap(headsIn);
}

function callsOf(node: PlanNode, counts: Counts): number {
  const within = (nodes: readonly PlanNode[]): number => nodes.reduce((sum, each) => sum + callsOf(each, counts), 0);
  switch (node.kind) {
    case 'step':
      return callsOfNode(node).filter((call) => counts({ call })).length;
    case 'repeat':
    case 'map':
      return node.max * within(node.nodes);
    case 'branch':
      return Math.max(within(node.then.nodes), within(node.otherwise.nodes));
  }
}
