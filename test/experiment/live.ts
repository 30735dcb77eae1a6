/** Live experiments by hand, as far as changes of what is served look at them. */
import type { ExperimentSpec, SpecArm } from '../../src/model/experiment-spec.ts';
import type { Json, NodeEdit } from '../../src/plan/plan.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';

export interface LiveOptions {
  readonly layer?: string;
  readonly method?: 'stage_cs' | 'asymp_cs';
  readonly stage?: number;
  readonly state?: ExperimentRow['state'];
  readonly pipeline?: string;
}

/** Every list of edits is a variant. */
export function live(
  experimentId: string,
  variants: readonly (readonly NodeEdit[])[],
  { layer, method = 'stage_cs', stage = 1, state = 'running', pipeline = 'docs-bot' }: LiveOptions = {},
): ExperimentRow {
  const weight = 1 / (variants.length + 1);
  const arms: SpecArm[] = [[], ...variants].map((edits, index) => ({
    name: index === 0 ? 'baseline' : `v${index}`,
    weight,
    edits,
  }));
  const spec = { name: experimentId, pipeline, layer: layer ?? null, arms, stop: { method } };
  return {
    experimentId,
    name: experimentId,
    pipeline,
    state,
    stage,
    spec: spec as unknown as ExperimentSpec,
    settings: { method },
  } as ExperimentRow;
}

export const configured = (node: string, config: Json): NodeEdit => ({
  node,
  facet: 'config',
  config,
});
