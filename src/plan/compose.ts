/**
 * Applying edits to a plan, as data: what a variant is made with, and what a request gets that is in several experiments
 * at once. Edits of different nodes commute to the same bytes, so the order of experiments never makes another plan.
 */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { diffPlans, type PlanChange, type PlanOverride } from './diff.ts';
import { freezeJson } from './json.ts';
import { findNode, nodesOf } from './nodes.ts';
import type { CallPolicy, Json, NodeEdit, NodeOptionsEdit, Plan, PlanNode, StepNode } from './plan.ts';

/** A variant, as far as composing asks: whose edits they are, and the edits. */
export interface ComposedArm {
  /** For messages: the variant's name, or `experiment:arm`. */
  readonly name: string;
  readonly edits: readonly NodeEdit[];
}

/**
 * The baseline with every arm's edits. Two arms that edit one node are refused, whichever facets they edit: what each
 * was tested against would no longer hold.
 *
 * @throws SluiceError `edits_overlap`, naming the node and both arms; else as `applyEdits`
 */
export function composePlan(baseline: Plan, arms: readonly ComposedArm[]): Plan {
  const owners = new Map<string, ComposedArm>();
  for (const arm of arms) {
    for (const { node } of arm.edits) {
      const owner = owners.get(node) ?? arm;
      if (owner !== arm)
        throw new SluiceError('edits_overlap', {
          message: `'${owner.name}' and '${arm.name}' both edit '${node}'`,
          remedy: 'put their experiments into one common layer, so that no request is in both',
          data: { node, arms: [owner.name, arm.name] },
        });
      owners.set(node, arm);
    }
  }
  return applyEdits(
    baseline,
    arms.flatMap((arm) => arm.edits),
  );
}

/**
 * The plan with these edits; everything else of it stays as it is. The order of the edits does not matter.
 *
 * @throws SluiceError `edit_unknown_node`, `edit_wrong_kind` (a step's facet of a container, or the reverse), or
 *   `edit_twice` (one facet of one node; a new step and a new config both set its config)
 */
export function applyEdits(plan: Plan, edits: readonly NodeEdit[]): Plan {
  const byNode = groupEdits(plan, edits);
  return freezeJson({ ...plan, nodes: editNodes(plan.nodes, byNode) });
}

type EditsByNode = ReadonlyMap<string, readonly NodeEdit[]>;

function groupEdits(plan: Plan, edits: readonly NodeEdit[]): EditsByNode {
  const ids = new Set([...nodesOf(plan)].map((node) => node.id));
  const byNode = new Map<string, NodeEdit[]>();
  for (const edit of edits) {
    if (!ids.has(edit.node))
      throw new SluiceError('edit_unknown_node', {
        message: `there is no node '${edit.node}' in '${plan.pipeline}'`,
        remedy: suggest(edit.node, ids, 'the plan has no nodes'),
        data: { node: edit.node },
      });
    const others = byNode.get(edit.node) ?? [];
    for (const other of others) {
      const both = clash(other.facet, edit.facet);
      if (both === undefined) continue;
      throw new SluiceError('edit_twice', {
        message: `'${edit.node}' has its ${both} edited twice`,
        remedy: 'keep one of the two edits',
        data: { node: edit.node, facet: both },
      });
    }
    byNode.set(edit.node, [...others, edit]);
  }
  return byNode;
}

/** What two edits of one node would both set, if anything: a new step sets the config too. */
export function clash(one: NodeEdit['facet'], other: NodeEdit['facet']): NodeEdit['facet'] | undefined {
  if (one === other) return one;
  return setsConfig(one) && setsConfig(other) ? 'config' : undefined;
}

function setsConfig(facet: NodeEdit['facet']): boolean {
  return facet === 'step' || facet === 'config';
}

function editNodes(nodes: readonly PlanNode[], edits: EditsByNode): readonly PlanNode[] {
  return nodes.map((node) => editNode(node, edits));
}

function editNode(node: PlanNode, edits: EditsByNode): PlanNode {
  const own = edits.get(node.id) ?? [];
  switch (node.kind) {
    case 'step':
      return editStep(node, own);
    case 'repeat': {
      const { max } = limitsOf(node, own, ['max']);
      return { ...node, ...(max !== undefined && { max }), nodes: editNodes(node.nodes, edits) };
    }
    case 'map': {
      const { max, concurrency } = limitsOf(node, own, ['max', 'concurrency']);
      return {
        ...node,
        ...(max !== undefined && { max }),
        ...(concurrency !== undefined && { concurrency }),
        nodes: editNodes(node.nodes, edits),
      };
    }
    case 'branch':
      limitsOf(node, own, []);
      return {
        ...node,
        // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
        then: { ...node.then, nodes: editNodes(node.then.nodes, edits) },
        otherwise: { ...node.otherwise, nodes: editNodes(node.otherwise.nodes, edits) },
      };
    default:
      return node satisfies never;
  }
}

/** A step's facets in their fixed order: what its place adds comes after what the step itself brings. */
function editStep(node: StepNode, edits: readonly NodeEdit[]): StepNode {
  if (edits.length === 0) return node;
  const facet = <Facet extends NodeEdit['facet']>(wanted: Facet) =>
    edits.find((edit): edit is NodeEdit & { facet: Facet } => edit.facet === wanted);
  const step = facet('step');
  const config = facet('config');
  const input = facet('input');
  const options = facet('options')?.options ?? {};
  if (options.max !== undefined || options.concurrency !== undefined)
    throw wrongKind(node, 'has no max or concurrency');
  const call = step?.call ?? node.call;
  const { fallback, ...place } = node;
  return {
    ...place,
    ...(fallback && options.fallback === undefined && { fallback }),
    call: config ? { ...call, config: config.config } : call,
    input: input?.input ?? node.input,
    policy: completePolicy({ ...(step?.policy ?? node.policy), ...options.policy }),
    ...(options.orElse !== undefined && { orElse: options.orElse }),
  };
}

/** The limits that edits set on a container, which has no other facet and no limits but these. */
function limitsOf(node: PlanNode, edits: readonly NodeEdit[], allowed: readonly string[]): NodeOptionsEdit {
  for (const edit of edits) {
    if (edit.facet !== 'options') throw wrongKind(node, `holds nodes and has no ${edit.facet} of its own`);
    const other = Object.keys(edit.options).find((key) => !allowed.includes(key));
    if (other !== undefined) throw wrongKind(node, `has no ${other} to set`);
  }
  const options = edits.find((edit) => edit.facet === 'options');
  return options?.options ?? {};
}

function wrongKind(node: PlanNode, why: string): SluiceError {
  return new SluiceError('edit_wrong_kind', {
    message: `'${node.id}' is a ${node.kind}: it ${why}`,
    remedy: 'edit a facet that a node of its kind has',
    data: { node: node.id, kind: node.kind },
  });
}

/** An attempt that may last longer than this gives signs of life, so that a lost worker is noticed before its timeout. */
export const HEARTBEAT_ABOVE_MS = 2_000;

/** The heartbeat of a policy that should have one and names none. */
const DEFAULT_HEARTBEAT_MS = 5_000;

/**
 * The policy with what follows from it filled in: in the local lane nothing beats and there is no queue to choose; in the
 * activity lane an attempt above two seconds, or one that names how it beats, has a heartbeat of at most its timeout.
 */
export function completePolicy(policy: CallPolicy): CallPolicy {
  const { heartbeatMs: stated, beats, taskQueue, ...rest } = policy;
  if (rest.lane === 'local') return Object.freeze(rest);
  const asked = stated ?? (rest.timeoutMs > HEARTBEAT_ABOVE_MS || beats ? DEFAULT_HEARTBEAT_MS : undefined);
  return Object.freeze({
    ...rest,
    ...(asked !== undefined && { heartbeatMs: Math.min(asked, rest.timeoutMs), beats: beats ?? ('timer' as const) }),
    ...(taskQueue !== undefined && { taskQueue }),
  });
}

/** The edits of both, for `applyEdits`. */
export function overlayEdits(baseline: Plan, under: readonly NodeEdit[], over: readonly NodeEdit[]): NodeEdit[] {
  const stillOpen = (lower: NodeEdit) =>
    !over.some((upper) => upper.node === lower.node && clash(upper.facet, lower.facet) !== undefined);
  return [...over.map((upper) => overlayConfig(baseline, under, upper)), ...under.filter(stillOpen)];
}

function overlayConfig(baseline: Plan, under: readonly NodeEdit[], upper: NodeEdit): NodeEdit {
  const lower = under.find((edit) => edit.node === upper.node && edit.facet === 'config');
  const node = findNode(baseline, upper.node);
  if (upper.facet !== 'config' || lower?.facet !== 'config' || node?.kind !== 'step') return upper;
  const [base, below, above] = [node.call.config, lower.config, upper.config].map(keysOf) as [Keys, Keys, Keys];
  const open = Object.entries(below).filter(([key]) => isEqual(above[key], base[key]));
  return { ...upper, config: { ...above, ...Object.fromEntries(open) } };
}

type Keys = { readonly [key: string]: Json };

const keysOf = (config: Json | object): Keys =>
  typeof config === 'object' && config !== null && !Array.isArray(config) ? (config as Keys) : {};

const isEqual = (one: Json | undefined, other: Json | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** In the order of the included variants, then of the plan's nodes. */
export function overridesOf(baseline: Plan, included: readonly ComposedArm[], plan: Plan): readonly PlanOverride[] {
  return freezeJson(
    included.flatMap(({ name, edits }) => {
      const theirs = applyEdits(baseline, edits);
      const edited = diffPlans(baseline, theirs);
      return diffPlans(theirs, plan).flatMap((change) => {
        const { node } = change;
        return node !== undefined && edited.some(isAt(change)) ? { ...change, node, variant: name } : [];
      });
    }),
  );
}

/** Whether both are of one place, or one of them is of a part of the other. */
const isAt =
  ({ node, facet, path }: PlanChange) =>
  (other: PlanChange): boolean =>
    other.node === node && other.facet === facet && (isWithin(path, other.path) || isWithin(other.path, path));

const isWithin = (path: string, whole: string): boolean =>
  whole === '' || path === whole || path.startsWith(`${whole}.`);
