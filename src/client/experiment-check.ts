/** Whether an experiment may start on what is deployed now. What it is checked against is what its variants will be made from. */
import { SluiceError } from '../base/errors.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { checkOverlaps } from '../experiment/overlap.ts';
import { sqlBounds } from '../model/assign.ts';
import { completeSpec, type ExperimentSpec, type SpecArm } from '../model/experiment-spec.ts';
import { checkPlan } from '../plan/check.ts';
import { composePlan } from '../plan/compose.ts';
import { isSameJson, planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { Serving } from '../store/experiments.ts';

/**
 * Gives the plan of each arm, the baseline's first.
 *
 * @param base the deployed plan
 * @param check whether a plan could be run now
 * @throws SluiceError `experiment_live` for one of this name, `assign_invalid`, `experiments_overlap`, `variant_unfit`,
 *   `variant_is_baseline`, and what `check` throws
 */
export async function checkStart(
  spec: ExperimentSpec,
  serving: Serving,
  base: Plan,
  check: (plan: Plan) => Promise<void>,
): Promise<readonly Plan[]> {
  refuseEdit(spec, serving);
  sqlBounds({ shareSalt: spec.name, range: [0, spec.share], armSalt: spec.name, arms: spec.arms });
  checkOverlaps(spec, serving.experiments);
  const plans = spec.arms.map(({ name, edits }) => (edits.length === 0 ? base : planOf(spec, base, { name, edits })));
  for (const plan of new Set([...plans, ...scorerPlans({ scorers: spec.scorers.map((scorer) => scorer.spec) })]))
    await check(plan);
  return plans;
}

/** What is fixed at the start stays so: verdicts hold only for what was asked before the first look. */
function refuseEdit(spec: ExperimentSpec, { experiments }: Serving): void {
  const live = experiments.find(({ name }) => name === spec.name);
  if (live === undefined) return;
  const { experimentId, state } = live;
  const [before, now] = [live.spec, spec].map((each) => completeSpec(each) as unknown as Json);
  const isSame = isSameJson(before, now);
  throw new SluiceError('experiment_live', {
    message: isSame
      ? `${experimentId} is live: it is ${state} already`
      : `${experimentId} is live (${state}), and was asked for in other words: an experiment that runs is not edited, its settings are fixed at its start`,
    remedy: isSame
      ? `see how far it is: sluice experiment status ${experimentId}`
      : `let it end, or abort it (sluice experiment abort ${experimentId}), and start this one: it begins anew, with units of its own`,
    data: { experimentId, state, isSame },
  });
}

function planOf(spec: ExperimentSpec, base: Plan, arm: Pick<SpecArm, 'name' | 'edits'>): Plan {
  const plan = composePlan(base, [arm]);
  const checked = checkPlan(plan);
  if (!checked.ok)
    throw new SluiceError('variant_unfit', {
      message: `'${arm.name}' of '${spec.name}' does not fit what is deployed of '${spec.pipeline}': ${checked.problems[0]!.message}`,
      remedy: `deploy the pipeline that it was written for (sluice deploy ${spec.pipeline}), or write it for the one that is deployed`,
      data: { variant: arm.name },
    });
  if (planId(plan) === planId(base))
    throw new SluiceError('variant_is_baseline', {
      message: `'${arm.name}' of '${spec.name}' is what is deployed of '${spec.pipeline}' already: there is nothing to compare`,
      remedy: 'change what the variant edits, or leave it out',
      data: { variant: arm.name, planId: planId(plan) },
    });
  return plan;
}
