/**
 * Whether a run exposes its unit to an experiment. The rule is one function of what happened and of the plans of all arms,
 * so that it cannot depend on the arm that the run was in:
 *
 * A run exposes its unit when it reaches a node that any arm edits, or ends without reaching one. There are two exceptions:
 * it ended at a node without which no arm can reach the edited node (an ancestor in every arm's plan), or it went past the
 * edited node by a branch or an empty list. Up to there nothing can differ between the arms. With several edited nodes, an
 * exception has to hold for each of them.
 */

import type { ExperimentSpec, SpecArm } from '../model/experiment-spec.ts';
import { bodiesOf, findNode, mapSteps, nodesOf, sourcesOf } from '../plan/nodes.ts';
import type { Json, Plan, PlanNode, Wiring } from '../plan/plan.ts';
import type { NodeRunRow } from '../store/runs.ts';
import { wiringsOf } from './rerun/rerun.ts';
import { editedNodes, exposingNodes } from './restage.ts';

export type EndedNode = Pick<NodeRunRow, 'key' | 'node' | 'outcome' | 'call' | 'error'>;

/** @returns whether a run with these node runs is exposed; of a run without any it is not known where it ended: exposed */
export type ExposureRule = (runs: readonly EndedNode[]) => boolean;

/**
 * The rule for runs of one plan.
 *
 * @param plan of the run, with the arms of all experiments that it is in
 * @param base the plan that the experiment's edits are applied to: that of the run's stage
 */
export function compileExposure(plan: Plan, base: Plan, spec: Pick<ExperimentSpec, 'arms'>): ExposureRule {
  const edited = editedNodes(spec);
  const arms = spec.arms.map((arm) => armPlan(plan, base, arm, edited)).map(createNeeds);
  const targets = exposingNodes(plan, spec)
    .map((id) => findNode(plan, id)!)
    // What stands inside an edited container is met where a step is called; the container itself where it is entered.
    .filter((node) => node.kind === 'step' || edited.has(node.id))
    .map((node) => targetOf(node, arms));
  return (runs) => {
    const ended = indexRuns(runs);
    return targets.some((target) => isMet(target, ended));
  };
}

/** The run's plan as it would be in this arm: only edited inputs change what a node waits for. */
function armPlan(plan: Plan, base: Plan, { edits }: SpecArm, edited: ReadonlySet<string>): Plan {
  const inputOf = (id: string): Wiring | undefined => {
    const edit = edits.find((each) => each.node === id && each.facet === 'input');
    if (edit?.facet === 'input') return edit.input;
    const node = findNode(base, id);
    return node?.kind === 'step' ? node.input : undefined;
  };
  const nodes = mapSteps(plan.nodes, (node) =>
    edited.has(node.id) ? { ...node, input: inputOf(node.id) ?? node.input } : node,
  );
  return { ...plan, nodes };
}

// ---------------------------------------------------------------- what a node needs, in one plan

/** A node and the containers around it, outermost first. */
interface Place {
  readonly node: PlanNode;
  readonly around: readonly PlanNode[];
}

interface Needs {
  readonly placeOf: (id: string) => Place;
  /** Ids of the nodes that must give a value before the node is reached; of a loop, before its limit counts. */
  readonly before: (id: string) => ReadonlySet<string>;
  /** Ids of these nodes, of what they hold, and of all that any of them may read. */
  readonly behind: (ids: Iterable<string>) => ReadonlySet<string>;
}

function createNeeds(plan: Plan): Needs {
  const places = placesOf(plan);
  const known = (wirings: readonly Wiring[]): string[] =>
    wirings.flatMap((wiring) => [...sourcesOf(wiring)].map(([source]) => source).filter((id) => places.has(id)));
  const toEnter = (id: string): string[] => {
    const { node, around } = places.get(id)!;
    return known([...around, node].flatMap(entryOf));
  };
  // A loop gives nothing, and its limit says nothing, before its condition was known once.
  const toGive = (id: string): string[] => {
    const { node } = places.get(id)!;
    return [...toEnter(id), ...(node.kind === 'repeat' ? known([node.until]) : [])];
  };
  return {
    placeOf: (id) => places.get(id)!,
    before: (id) => closure(toGive(id), toGive),
    behind: (ids) =>
      closure(ids, (next) => {
        const { node } = places.get(next)!;
        const inside = [...nodesOf({ nodes: [node] })];
        return [...inside.map((each) => each.id), ...known(inside.flatMap(wiringsOf))];
      }),
  };
}

function placesOf(plan: Plan): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const enter = (nodes: readonly PlanNode[], around: readonly PlanNode[]): void => {
    for (const node of nodes) {
      places.set(node.id, { node, around });
      for (const body of bodiesOf(node)) enter(body.nodes, [...around, node]);
    }
  };
  enter(plan.nodes, []);
  return places;
}

function closure(from: Iterable<string>, next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(from);
  for (const id of found) for (const each of next(id)) found.add(each);
  return found;
}

/** What must be known before a node is entered: a loop is at once. */
function entryOf(node: PlanNode): readonly Wiring[] {
  switch (node.kind) {
    case 'step':
      return node.when ? [node.when, node.input] : [node.input];
    case 'branch':
      return [node.when];
    case 'map':
      return [node.over];
    case 'repeat':
      return [];
  }
}

// ---------------------------------------------------------------- one edited node, over all arms

interface Target {
  readonly node: PlanNode;
  readonly around: readonly PlanNode[];
  /** Its ancestors in every arm's plan, as far as its own scope shows them. */
  readonly ancestors: readonly Place[];
  /** Where a run may have failed that those ancestors kept from it. */
  readonly common: ReadonlySet<string>;
}

function targetOf(node: PlanNode, arms: readonly Needs[]): Target {
  const { placeOf } = arms[0]!;
  const { around } = placeOf(node.id);
  const isVisible = (place: Place) => place.around.every((container, depth) => container.id === around[depth]?.id);
  const ancestors = [...inAll(arms.map((arm) => arm.before(node.id)))].map(placeOf).filter(isVisible);
  const ids = ancestors.map((place) => place.node.id);
  const common = new Set([...inAll(arms.map((arm) => arm.behind(ids))), ...around.map(({ id }) => id)]);
  return { node, around, ancestors, common };
}

function inAll(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first, ...others] = sets;
  return new Set([...(first ?? [])].filter((id) => others.every((set) => set.has(id))));
}

// ---------------------------------------------------------------- what happened

interface Ended {
  readonly byKey: ReadonlyMap<string, EndedNode>;
  readonly byNode: ReadonlyMap<string, readonly EndedNode[]>;
  /** Nodes that failed by themselves. */
  readonly failed: readonly string[];
}

function indexRuns(runs: readonly EndedNode[]): Ended {
  return {
    byKey: new Map(runs.map((run) => [run.key, run])),
    byNode: Map.groupBy(runs, ({ node }) => node),
    failed: runs.filter(({ outcome }) => outcome === 'failed').map(({ node }) => node),
  };
}

/** A node run goes by its node's id with the rounds and items that it was in: `[2][0]`. */
const roundsOf = ({ key, node }: EndedNode): string => key.slice(node.length);
const ROUND = /\[\d+\]/g;

/** Whether the node was reached anywhere, or missed for a reason that not all arms share. */
function isMet(target: Target, ended: Ended): boolean {
  const way = [...target.around, target.node].map(({ id }) => ended.byNode.get(id) ?? []);
  if (way[0]!.length === 0) return true;
  return way.some((runs, depth) =>
    runs.some((run) => {
      const isEntered = way[depth + 1]?.some((inner) => roundsOf(inner).startsWith(roundsOf(run)));
      return !isEntered && isMetAt(run, depth, target, ended);
    }),
  );
}

/** @param run how far the run came on its way to the node */
function isMetAt(run: EndedNode, depth: number, target: Target, ended: Ended): boolean {
  const container = target.around[depth];
  if (container === undefined) {
    if (isReached(run)) return true;
  } else if (hasValue(run) || wentTheOtherWay(container, roundsOf(run), ended)) return false;
  return !isHeldUp(run, target, ended);
}

const hasValue = ({ outcome }: EndedNode): boolean =>
  outcome !== 'failed' && outcome !== 'blocked' && outcome !== 'cancelled';

/** Its turn had come: also where its call could not begin, or was cancelled. */
const isReached = ({ outcome, call }: EndedNode): boolean =>
  (outcome !== 'blocked' && outcome !== 'cancelled') || call !== null;

/** A branch that has no value took one of its arms if any node in there has a run; nothing of the node's own arm has. */
function wentTheOtherWay(container: PlanNode, rounds: string, { byKey }: Ended): boolean {
  return (
    container.kind === 'branch' &&
    bodiesOf(container).some(({ nodes }) => nodes.some(({ id }) => byKey.has(`${id}${rounds}`)))
  );
}

/** Whether an ancestor in every arm's plan gave nothing, and nothing but such ancestors is to blame for it. */
function isHeldUp(run: EndedNode, { ancestors, common }: Target, { byKey, failed }: Ended): boolean {
  if (!failed.every((node) => common.has(node))) return false;
  if (run.outcome === 'failed') return true;
  const rounds = roundsOf(run).match(ROUND) ?? [];
  return ancestors.some(({ node, around }) => {
    const shared = around.filter(({ kind }) => kind === 'repeat' || kind === 'map').length;
    const ancestor = byKey.get(node.id + rounds.slice(0, shared).join(''));
    if (ancestor === undefined || hasValue(ancestor)) return false;
    const culprit = culpritOf(ancestor.error);
    // Nobody is to blame where the whole run was cancelled.
    return culprit === undefined || common.has(culprit);
  });
}

function culpritOf(error: Json): string | undefined {
  if (typeof error !== 'object' || error === null || !('node' in error)) return undefined;
  return typeof error.node === 'string' ? error.node : undefined;
}
