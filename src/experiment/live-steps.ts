/** Which steps are live where: of each node what is served, by the deployment and by every variant that is on, with its share of the traffic. */

import { showPercent } from '../base/format.ts';
import { SERVED_STATES, type SpecArm } from '../model/experiment-spec.ts';
import { composePlan } from '../plan/compose.ts';
import { findNode, nodesOf } from '../plan/nodes.ts';
import type { NodeEdit, Plan, PlanNode } from '../plan/plan.ts';
import type { PromotedEdit } from '../store/deployments.ts';
import type { ExperimentRow } from '../store/experiments.ts';

export interface LiveStep {
  readonly node: string;
  /** `rerank@2`; of a container its kind: `repeat`. */
  readonly step: string;
  readonly fallback: string | null;
  /** Which it is served by: what is deployed, a variant under test, or the winner that is being rolled out. */
  readonly by: 'deployment' | 'experiment' | 'rollout';
  /** The experiment; null: what is deployed. */
  readonly experimentId: string | null;
  /** The variant; null: what is deployed. */
  readonly arm: string | null;
  /** What of the node is otherwise than deployed. */
  readonly differs: readonly NodeEdit['facet'][];
  /** What the deployed one won: experiments whose edits of this node it has. */
  readonly wonBy: readonly string[];
  /**
   * Of all units, from 0 to 1. It is of requests that say for whom they are, and whom the experiment is about; all others
   * get what is deployed.
   */
  readonly share: number;
  /**
   * Whether it is only a bound. A unit in two experiments that edit one node gets one of them: where no layer keeps
   * these apart, variants are served to at most their share, and what is deployed to at least its own.
   */
  readonly isBound: boolean;
}

export interface LiveInput {
  /** What is deployed, or the definition in code. */
  readonly plan: Plan;
  /** Of all units, in no experiment. */
  readonly holdOut: number;
  readonly promoted: readonly Pick<PromotedEdit, 'experiment' | 'edits'>[];
  /** Those that are live. */
  readonly experiments: readonly Pick<
    ExperimentRow,
    'experimentId' | 'kind' | 'state' | 'spec' | 'range' | 'stopped' | 'winner' | 'ramp'
  >[];
}

/** By node in the order of the plan; of each what is deployed first. */
export function liveSteps(input: LiveInput): readonly LiveStep[] {
  const variants = input.experiments.flatMap((row) => variantsOf(row, input));
  return [...nodesOf(input.plan)].flatMap((node) => {
    const others = variants.filter(({ node: edited }) => edited === node.id);
    const left = 1 - others.reduce((sum, { share }) => sum + share, 0);
    const deployed: LiveStep = {
      ...{ node: node.id, ...called(node), by: 'deployment', experimentId: null, arm: null, differs: [] },
      wonBy: [
        ...new Set(
          input.promoted.flatMap(({ experiment, edits }) =>
            edits.some((edit) => edit.node === node.id) ? [experiment] : [],
          ),
        ),
      ],
      share: clamped(left),
      isBound: others.some(({ isBound }) => isBound),
    };
    return [Object.freeze(deployed), ...others];
  });
}

const called = (node: PlanNode): Pick<LiveStep, 'step' | 'fallback'> =>
  node.kind === 'step'
    ? { step: node.call.step, fallback: node.fallback?.step ?? null }
    : { step: node.kind, fallback: null };

/** A row for every node that a variant edits, and that some unit gets. */
function variantsOf(row: Row, { plan, holdOut, experiments }: LiveInput): readonly LiveStep[] {
  const { spec, stopped, kind, winner, ramp } = row;
  if (!isServed(row)) return [];
  const own = new Set(nodesEdited(row));
  const rivals = experiments.filter(
    (other) => other !== row && isServed(other) && nodesEdited(other).some((node) => own.has(node)),
  );
  const isApart = (other: Row): boolean => spec.layer !== null && spec.layer === other.spec.layer;
  const isBound = rivals.some((other) => !isApart(other));
  const tested = spec.arms
    .filter(({ name }) => !stopped.includes(name))
    .flatMap((arm) => {
      const share = (1 - holdOut) * widthOf(row) * arm.weight;
      return edited(row.experimentId, arm, plan, { by: kind, share, isBound });
    });
  const won = isRolling(row) ? spec.arms.find(({ name }) => name === winner) : undefined;
  if (won === undefined) return tested;
  // Outside the share, which stays split: there the winner comes step by step, but for those whom another tests on the node.
  const theirs = rivals.filter(isApart).reduce((sum, other) => sum + widthOf(other), 0);
  const rollout = {
    ...{ by: 'rollout' as const, share: (1 - holdOut) * clamped(1 - widthOf(row) - theirs) * ramp },
    // Rollouts are in no layer: who is in two gets one winner.
    isBound: isBound || rivals.some(isRolling),
  };
  return [...tested, ...edited(row.experimentId, won, plan, rollout)];
}

type Row = LiveInput['experiments'][number];
const nodesEdited = ({ spec }: Row): string[] => spec.arms.flatMap(({ edits }) => edits.map(({ node }) => node));
const isServed = ({ state }: Row): boolean => SERVED_STATES.some((served) => served === state);
const isRolling = ({ state, ramp, winner }: Row): boolean => state === 'rolling' && winner !== null && ramp > 0;
const widthOf = ({ range }: Row): number => range[1] - range[0];
const clamped = (share: number): number => Math.min(1, Math.max(0, share));

function edited(
  experimentId: string,
  arm: SpecArm,
  base: Plan,
  { by, share, isBound }: Pick<LiveStep, 'by' | 'share' | 'isBound'>,
): readonly LiveStep[] {
  if (arm.edits.length === 0 || share <= 0) return [];
  const plan = composePlan(base, [arm]);
  return [...Map.groupBy(arm.edits, ({ node }) => node)].map(([node, edits]) =>
    Object.freeze({
      ...{ node, ...called(findNode(plan, node)!), by, experimentId, arm: arm.name, wonBy: [] },
      ...{ share: clamped(share), isBound },
      differs: [...new Set(edits.map(({ facet }) => facet))],
    }),
  );
}

/** `at most 12 %`. */
export const shareWords = ({ share, isBound, by }: Pick<LiveStep, 'share' | 'isBound' | 'by'>): string =>
  `${isBound ? (by === 'deployment' ? 'at least ' : 'at most ') : ''}${showPercent(share)}`;

/**
 * `deployment 3, won by hybrid-online`, or `wide of rerank-online (experiment)`.
 *
 * @param deploymentNo null where nothing is deployed
 */
export function liveWords({ by, experimentId, arm, wonBy }: LiveStep, deploymentNo: number | null): string {
  if (by !== 'deployment') return `${arm} of ${experimentId} (${by})`;
  if (deploymentNo === null) return 'the definition in code';
  return `deployment ${deploymentNo}${wonBy.length === 0 ? '' : `, won by ${wonBy.join(', ')}`}`;
}
