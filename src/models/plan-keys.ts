/**
 * Which providers a plan's models are served by. A step names its model in its config, under `model`; what a provider's
 * name is followed by is the provider's business.
 */

import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { callsOfNode, stepCallsOf } from '../plan/nodes.ts';
import type { Plan, StepCall, StepNode } from '../plan/plan.ts';
import { KEY_VARIABLES, type ServedName } from './provider-failures.ts';

const SERVED = Object.keys(KEY_VARIABLES) as readonly ServedName[];

/** What a worker publishes in addition to its steps if it has a provider's key: `cohere/*`. */
export type Served = `${ServedName}/*`;

export function servedBy({ providers }: Pick<Config, 'providers'>): readonly Served[] {
  return SERVED.filter((name) => providers[name].key !== undefined).map((name): Served => `${name}/*`);
}

/** The providers that a node's calls may ask, its fallback's included. */
export function servedFor(node: Pick<StepNode, 'call' | 'fallback'>): readonly Served[] {
  const models = callsOfNode(node).map(modelIn);
  return SERVED.map((name): Served => `${name}/*`).filter((served) =>
    models.some((model) => model?.startsWith(served.slice(0, -1))),
  );
}

/** The variables of the keys that a plan's models need and this config lacks. */
export function keysMissing(plan: Pick<Plan, 'nodes'>, { providers }: Pick<Config, 'providers'>): readonly string[] {
  const models = modelsOf(plan);
  return SERVED.filter((name) => providers[name].key === undefined)
    .filter((name) => models.some((model) => model.startsWith(`${name}/`)))
    .map((name) => KEY_VARIABLES[name]);
}

/** The models that a plan names, those of fallbacks included, sorted. */
export function modelsOf(plan: Pick<Plan, 'nodes'>): readonly string[] {
  return [...new Set(stepCallsOf(plan).flatMap((call) => modelIn(call) ?? []))].sort();
}

/** Whether its calls cost money. */
export const isPaid = (node: Pick<StepNode, 'call' | 'fallback'>): boolean => servedFor(node).length > 0;

/** The model that a call's config names. */
export function modelIn({ config }: Pick<StepCall, 'config'>): string | undefined {
  const model = typeof config === 'object' && config !== null && 'model' in config ? config.model : undefined;
  return typeof model === 'string' ? model : undefined;
}

export const isServed = (name: string): name is Served => SERVED.some((provider) => name === `${provider}/*`);

/** A plan that would fail at its first call of such a model is not begun. */
export function keyMissing(
  { pipeline }: Pick<Plan, 'pipeline'>,
  queue: string,
  missing: readonly Served[],
): SluiceError {
  const providers = SERVED.filter((name) => missing.includes(`${name}/*`));
  const variables = providers.map((name) => KEY_VARIABLES[name]);
  return new SluiceError('key_missing', {
    message: `'${pipeline}' asks models of ${providers.join(' and ')}, and no running worker on '${queue}' has ${variables.join(' or ')}`,
    remedy: `set ${variables.join(' and ')} where the worker starts, or run a variant whose models are local/*`,
    data: { providers, variables, queue },
  });
}
