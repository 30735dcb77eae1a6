/**
 * A plan as workflow input. Up to 8 KB it goes whole; above, each config (prompts are config, so configs are what makes
 * plans big) is replaced by its content hash, because every byte of input is paid for again at each replay. A content
 * hash cannot change, so editing a pipeline still cannot change what a running execution does.
 */
import { SluiceError } from '../base/errors.ts';
import { canonicalBytes, hashJson } from './id.ts';
import { findNode, mapSteps } from './nodes.ts';
import type { Json, Plan, StepCall } from './plan.ts';
import { LIMITS } from './plan-limits.ts';

/** Whether a config is a skeleton's placeholder for the real one. */
export function isConfigHash(config: StepCall['config']): config is { readonly $config: string } {
  return config !== null && typeof config === 'object' && !Array.isArray(config) && '$config' in config;
}

/** The plan with every config replaced by its content hash. Nodes, wiring and options are kept. */
export function skeleton(plan: Plan): Plan {
  return {
    ...plan,
    nodes: mapSteps(plan.nodes, (node) => ({
      ...node,
      call: withoutConfig(node.call),
      ...(node.fallback && { fallback: withoutConfig(node.fallback) }),
    })),
  };
}

function withoutConfig(call: StepCall): StepCall {
  return isConfigHash(call.config) ? call : { step: call.step, config: { $config: hashJson(call.config) } };
}

/**
 * What the workflow is given: the plan itself when it is small, else its skeleton.
 *
 * @throws SluiceError `plan_too_big` for a plan that is big by other things than its configs.
 */
export function workflowInput(plan: Plan): Plan {
  if (canonicalBytes(plan as unknown as Json) <= LIMITS.wholePlanBytes) return plan;
  const bare = skeleton(plan);
  const bytes = canonicalBytes(bare as unknown as Json);
  if (bytes <= LIMITS.skeletonBytes) return bare;
  throw new SluiceError('plan_too_big', {
    message: `the plan of '${plan.pipeline}' has ${bytes} bytes without its configs, and at most ${LIMITS.skeletonBytes} are allowed`,
    remedy: "move long texts out of wirings, 'orElse' and 'start': into configs, or an index",
    data: { bytes, limit: LIMITS.skeletonBytes },
  });
}

/**
 * The config of a node's step, or of its fallback, from the full plan.
 *
 * @throws SluiceError `node_unknown`, `fallback_absent`, or `config_absent` when given a skeleton.
 */
export function configOf(plan: Plan, nodeId: string, which: 'step' | 'fallback'): Json {
  const node = findNode(plan, nodeId);
  if (node?.kind !== 'step')
    throw new SluiceError('node_unknown', {
      message: `plan of '${plan.pipeline}' has no step node '${nodeId}'`,
      remedy: 'the run and its plan do not belong together: start a new run',
      data: { node: nodeId, pipeline: plan.pipeline },
    });
  const call = which === 'step' ? node.call : node.fallback;
  if (call === undefined)
    throw new SluiceError('fallback_absent', {
      message: `node '${nodeId}' of '${plan.pipeline}' has no fallback`,
      remedy: 'the run and its plan do not belong together: start a new run',
      data: { node: nodeId, pipeline: plan.pipeline },
    });
  if (isConfigHash(call.config))
    throw new SluiceError('config_absent', {
      message: `the config of node '${nodeId}' was asked of a skeleton, which holds only its hash`,
      remedy: 'read the full plan from the store by its planId',
      data: { node: nodeId, config: call.config.$config },
    });
  return call.config;
}
