/**
 * Finds the config of a call: activities are given a plan's id and a node, never the config, since every byte of
 * arguments is stored again in each run's history. Plans are immutable, so a process may keep what it has read.
 */

import { SluiceError } from '../base/errors.ts';
import { onceEach } from '../base/once.ts';
import { type AnyStep, stepName } from '../dsl/step.ts';
import type { StepArguments } from '../model/run-messages.ts';
import { nodesOf } from '../plan/nodes.ts';
import type { CallPolicy, Json, Plan } from '../plan/plan.ts';
import { configOf } from '../plan/skeleton.ts';
import { parse } from './schemas.ts';

/** Plans one process keeps; a process serves few at a time, and one more is one query. */
const KEPT_PLANS = 200;

export interface Plans {
  get(planId: string): Promise<Plan | undefined>;
}

export interface ResolvedCall {
  readonly config: Json;
  readonly policy: CallPolicy;
}

export type ResolveCall = (step: AnyStep, call: StepArguments) => Promise<ResolvedCall>;

export function createResolveCall(plans: Plans): ResolveCall {
  async function read(planId: string): Promise<Map<string, ResolvedCall>> {
    const plan = await plans.get(planId);
    if (plan === undefined)
      throw new SluiceError('plan_unknown', {
        message: `the store holds no plan ${planId.slice(0, 12)}`,
        remedy: 'worker and client must use one database: compare DATABASE_URL on both sides',
      });
    return new Map(callsOf(plan));
  }

  const calls = onceEach(read, KEPT_PLANS);

  return async (step, { planId, node, call }) => {
    const found = (await calls(planId)).get(`${node}:${call}`);
    if (found === undefined)
      throw new SluiceError('node_unknown', {
        message: `plan ${planId.slice(0, 12)} has no call '${call}' at a node '${node}'`,
        remedy: 'the run and its plan do not belong together: start a new run',
      });
    const what = `the config of '${node}' (${stepName(step)})`;
    return { ...found, config: parse(step.config, found.config, 'StepConfigInvalid', what) };
  };
}

function* callsOf(plan: Plan): Generator<[string, ResolvedCall]> {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'step') continue;
    const { policy } = node;
    yield [`${node.id}:step`, { policy, config: configOf(plan, node.id, 'step') }];
    if (node.fallback) yield [`${node.id}:fallback`, { policy, config: configOf(plan, node.id, 'fallback') }];
  }
}
