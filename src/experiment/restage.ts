/**
 * What a change of what is served means for the experiments that are live. Within a stage everything but the arm is
 * constant, so a change of anything begins a new one; a change of a node that an experiment edits ends it, because what
 * its arms were compared with is no longer there.
 */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { checkPlan } from '../plan/check.ts';
import { applyEdits } from '../plan/compose.ts';
import { diffPlans } from '../plan/diff.ts';
import { isSameJson, planId } from '../plan/id.ts';
import { bodiesOf, findNode, nodesOf } from '../plan/nodes.ts';
import type { Json, NodeEdit, Plan, PlanNode, StepCall } from '../plan/plan.ts';
import type { Restaging, StageFacts } from '../store/deployments.ts';
import type { ExperimentRow, Serving } from '../store/experiments.ts';

/**
 * Ids of the nodes that are not the same in both plans, containers by their own wiring and limits. What belongs to no
 * node (schemas, the output's wiring) is not among them.
 */
export function changedNodes(before: Plan, after: Plan): ReadonlySet<string> {
  return new Set(diffPlans(before, after).flatMap(({ node }) => (node === undefined ? [] : [node])));
}

/** Ids of the nodes that any arm edits. */
export function editedNodes(spec: Pick<ExperimentSpec, 'arms'>): ReadonlySet<string> {
  return new Set(spec.arms.flatMap(({ edits }) => edits.map(({ node }) => node)));
}

export interface Redeployment {
  /** What is served now. */
  readonly before: Plan;
  readonly after: Plan;
  /** Of what `after` reads. */
  readonly facts: StageFacts;
  /** Of a promotion: the experiment that ends with it, which is therefore left out. */
  readonly promotes?: string;
}

/** What becomes of each live experiment, in their order; nothing where both plans are the same. */
export function restagingsOf(
  serving: Pick<Serving, 'experiments'>,
  { before, after, facts, promotes }: Redeployment,
): readonly Restaging[] {
  if (planId(before) === planId(after)) return [];
  const changed = changedNodes(before, after);
  return serving.experiments
    .filter(({ experimentId }) => experimentId !== promotes)
    .map((experiment) => {
      const { experimentId, stage } = experiment;
      const end = whyEnded(experiment, changed, after);
      const why = end ?? `${named(changed)} changed, which it does not edit`;
      return Object.freeze({ experimentId, stage, to: end === undefined ? 'stage' : 'superseded', why, facts });
    });
}

/** A plan and every arm of the live experiments on it, as far as they fit: all that may be served with it. */
export function servedPlans(serving: Pick<Serving, 'experiments'>, plan: Plan): readonly Plan[] {
  const arms = serving.experiments.flatMap(({ spec }) => spec.arms).filter(({ edits }) => edits.length > 0);
  return [plan, ...arms.flatMap(({ edits }) => composed(plan, edits) ?? [])];
}

/** Why the change ends the experiment; undefined if the experiment can continue. */
function whyEnded(
  { spec, settings }: Pick<ExperimentRow, 'spec' | 'settings'>,
  changed: ReadonlySet<string>,
  after: Plan,
): string | undefined {
  const edited = editedNodes(spec);
  const both = [...changed].filter((node) => edited.has(node));
  if (both.length > 0) return `${named(both)} changed, which it edits`;
  for (const { name, edits } of spec.arms) {
    const problem = edits.length === 0 ? undefined : problemOf(after, edits);
    if (problem !== undefined) return `'${name}' no longer fits the pipeline: ${problem}`;
  }
  if (settings.method === 'asymp_cs')
    return `${named(changed)} changed, and its method (asymp_cs) holds for one stage only`;
  return undefined;
}

/** What is wrong with the plan that the edits would make; undefined where it can run. */
function problemOf(plan: Plan, edits: readonly NodeEdit[]): string | undefined {
  const edited = composed(plan, edits);
  if (edited === undefined) return 'what it edits is not there';
  const check = checkPlan(edited);
  return check.ok ? undefined : check.problems[0]!.message;
}

/** Undefined where a node is gone, or of another kind. */
function composed(plan: Plan, edits: readonly NodeEdit[]): Plan | undefined {
  try {
    return applyEdits(plan, edits);
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** `'vector' and 'keyword'`: what changed, in a sentence. */
function named(nodes: Iterable<string>): string {
  const names = [...nodes].map((node) => `'${node}'`);
  if (names.length === 0) return "the pipeline's schemas or output";
  if (names.length === 1) return names[0]!;
  const shown = names.slice(0, NAMED_NODES);
  const rest = names.length - shown.length;
  const last = rest > 0 ? `${rest} more nodes` : shown.pop()!;
  return `${shown.join(', ')} and ${last}`;
}

/** A sentence names so many; the plans' difference has all. */
const NAMED_NODES = 5;

/** Which experiments may be live at once, and where the units of one meet their arm. */
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

// Whether variants are of what is deployed. A variant's config is whole: what its author left as it is in the code comes with
// it. Where the deployed node has another one, be it a variant for machines without keys or what an experiment has won, an
// arm would change that, too, and a verdict would be of something nobody asked.

/**
 * @param code the plan, in code, that the variants were written for
 * @throws SluiceError `variant_of_other`, naming what else would change
 */
export function checkWritten(spec: Pick<ExperimentSpec, 'name' | 'arms'>, code: Plan, deployed: Plan): void {
  for (const { name, edits } of spec.arms)
    for (const edit of edits) {
      if (edit.facet !== 'config') continue;
      const [written, served] = [callAt(code, edit.node), callAt(deployed, edit.node)];
      const others = written && served ? unasked(written, served, edit.config) : [];
      if (others.length > 0)
        throw ofOther(spec.name, { variant: name, node: edit.node, others, pipeline: code.pipeline });
    }
}

function callAt(plan: Plan, id: string): StepCall | undefined {
  const node = findNode(plan, id);
  return node?.kind === 'step' ? node.call : undefined;
}

/** What the config has from the code, and the deployed node has not, in words. */
function unasked(written: StepCall, served: StepCall, config: Json): readonly string[] {
  if (written.step !== served.step) return [`${served.step} is deployed, and not ${written.step}`];
  const [code, now, then] = [written.config, served.config, config].map(fieldsOf) as [Fields, Fields, Fields];
  const keys = [...new Set([...Object.keys(now), ...Object.keys(then)])];
  return keys
    .filter((key) => isSame(then[key], code[key]) && !isSame(then[key], now[key]))
    .map((key) => `${key} from ${shown(now[key])} to ${shown(then[key])}`);
}

type Fields = { readonly [key: string]: Json | undefined };

const fieldsOf = (config: unknown): Fields => (config !== null && typeof config === 'object' ? (config as Fields) : {});
const isSame = (one: Json | undefined, other: Json | undefined): boolean => isSameJson(one ?? null, other ?? null);

/** Prompts are long. */
const SHOWN = 40;

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

interface Other {
  readonly variant: string;
  readonly node: string;
  readonly others: readonly string[];
  readonly pipeline: string;
}

const ofOther = (experiment: string, { variant, node, others, pipeline }: Other): SluiceError =>
  new SluiceError('variant_of_other', {
    message: `'${variant}' of '${experiment}' was written for '${node}' as it is in the code, and on what is deployed would change more: ${others.join(', ')}`,
    remedy: `deploy what is in the code (sluice deploy ${pipeline}), or write what is deployed into it, so that the variant is of that; or --force`,
    data: { experiment, variant, node, others },
  });
