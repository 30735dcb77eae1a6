/** Which experiments may be live at once, and where the units of one meet their arm. */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { isSameJson } from '../plan/id.ts';
import { bodiesOf, nodesOf } from '../plan/nodes.ts';
import type { Json, Plan, PlanNode } from '../plan/plan.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { editedNodes } from './restage.ts';

type Live = Pick<ExperimentRow, 'experimentId' | 'pipeline'> & {
  readonly spec: Pick<ExperimentSpec, 'arms' | 'layer' | 'unit'>;
};

/**
 * Experiments on one pipeline that edit a common node must exclude each other: no request could be in both.
 *
 * @throws SluiceError `experiments_overlap`, naming both and the nodes, unless they are in one layer and randomise the same
 *   unit: a layer divides units, and a request that has two would be in both
 */
export function checkOverlaps(
  spec: Pick<ExperimentSpec, 'name' | 'pipeline' | 'arms' | 'layer' | 'unit'>,
  live: readonly Live[],
): void {
  const edited = editedNodes(spec);
  for (const other of live) {
    if (other.pipeline !== spec.pipeline) continue;
    const isOneLayer = spec.layer !== null && spec.layer === other.spec.layer;
    if (isOneLayer && isSameUnit(spec, other.spec)) continue;
    const nodes = [...editedNodes(other.spec)].filter((node) => edited.has(node));
    if (nodes.length === 0) continue;
    throw new SluiceError('experiments_overlap', {
      message: `'${spec.name}' and '${other.experimentId}', which is live, both edit ${nodes.map((node) => `'${node}'`).join(', ')}${isOneLayer ? ', and randomise different units' : ''}`,
      remedy: `${isOneLayer ? UNIT_REMEDY : layerRemedy(spec.layer, other)}; or wait for '${other.experimentId}' to end`,
      data: { experiments: [spec.name, other.experimentId], nodes, layers: [spec.layer, other.spec.layer] },
    });
  }
}

const UNIT_REMEDY =
  'give the new one the same unit: a layer keeps units apart, and one request has a unit of either kind';

const isSameUnit = (one: Pick<ExperimentSpec, 'unit'>, other: Pick<ExperimentSpec, 'unit'>): boolean =>
  isSameJson((one.unit ?? null) as Json, (other.unit ?? null) as Json);

/** A live experiment cannot be moved into a layer, so the new one follows it, where it is in one. */
function layerRemedy(own: string | null, { experimentId, spec }: Live): string {
  if (spec.layer !== null) return `give the new one layer: '${spec.layer}', so that they exclude each other`;
  const layer = own === null ? 'one layer' : `layer '${own}'`;
  return `'${experimentId}' is in no layer: experiments that edit one node are live together only if both are started in ${layer}`;
}

/**
 * Ids of the nodes at which a unit meets its arm, in the plan's order: those that any arm edits, and everything inside
 * an edited container, since what is edited of it is how often they run.
 */
export function exposingNodes(plan: Pick<Plan, 'nodes'>, spec: Pick<ExperimentSpec, 'arms'>): string[] {
  const edited = editedNodes(spec);
  const within = (nodes: readonly PlanNode[]): string[] =>
    nodes.flatMap((node) =>
      edited.has(node.id)
        ? [...nodesOf({ nodes: [node] })].map(({ id }) => id)
        : [...bodiesOf(node).flatMap((body) => within(body.nodes))],
    );
  return within(plan.nodes);
}
