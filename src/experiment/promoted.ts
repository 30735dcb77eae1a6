/**
 * What experiments have won, against the code. A promotion changes what is served, not the code; until somebody has
 * written it there, a deploy from that code would undo it, and is refused.
 */
import { SluiceError } from '../base/errors.ts';
import { applyEdits } from '../plan/compose.ts';
import { planId } from '../plan/id.ts';
import type { Json, NodeEdit, NodeOptionsEdit, Plan } from '../plan/plan.ts';
import type { PromotedEdit } from '../store/deployments.ts';
import { editLines } from './edit-code.ts';

/** What was won of one node, and is not in a plan. */
export interface UndoneEdit {
  readonly node: string;
  /** Ids of the experiments that won it, oldest first. */
  readonly experiments: readonly string[];
  /** What is left of their edits where a later one has overwritten an earlier. */
  readonly edits: readonly NodeEdit[];
}

/**
 * What was won and is not in the plan, in the order in which it was won; empty where the plan has it all. A node's edits
 * are in a plan when applying them changes nothing.
 */
export function undoneEdits(plan: Plan, promoted: readonly PromotedEdit[]): readonly UndoneEdit[] {
  const id = planId(plan);
  const won = promoted.flatMap(({ experiment, edits }) => edits.map((edit) => ({ experiment, edit })));
  return [...Map.groupBy(won, ({ edit }) => edit.node)].flatMap(([node, ofNode]): UndoneEdit[] => {
    const edits = foldEdits(ofNode.map(({ edit }) => edit));
    if (isIn(plan, id, edits)) return [];
    return [{ node, experiments: [...new Set(ofNode.map(({ experiment }) => experiment))], edits }];
  });
}

/** Ids of the experiments whose edits are promoted, oldest first. */
export const winnersIn = (promoted: readonly Pick<PromotedEdit, 'experiment'>[]): readonly string[] => [
  ...new Set(promoted.map(({ experiment }) => experiment)),
];

/** What stays promoted when this plan is deployed, whatever it undoes. */
export function keptPromotions(plan: Plan, promoted: readonly PromotedEdit[]): readonly PromotedEdit[] {
  const undone = new Set(undoneEdits(plan, promoted).map(({ node }) => node));
  return promoted
    .map((entry) => ({ ...entry, edits: entry.edits.filter(({ node }) => !undone.has(node)) }))
    .filter(({ edits }) => edits.length > 0);
}

/**
 * Refuses a plan that would undo what was won.
 *
 * @throws SluiceError `promoted_undone`, with the edits as they would be written into the pipeline's code
 */
export function checkPromoted(plan: Plan, promoted: readonly PromotedEdit[]): void {
  const undone = undoneEdits(plan, promoted);
  if (undone.length === 0) return;
  const experiments = [...new Set(undone.flatMap((each) => each.experiments))];
  const nodes = undone.map(({ node }) => node);
  const code = undoneLines(plan, undone);
  throw new SluiceError('promoted_undone', {
    message: `this code of '${plan.pipeline}' would undo what ${quoted(experiments)} won at ${quoted(nodes)}`,
    remedy: [
      "write it into the pipeline's code:",
      ...code.map((line) => `  ${line}`),
      'or undo it on purpose: --force',
    ].join('\n'),
    data: { experiments, nodes, edits: undone.flatMap(({ edits }) => edits) as unknown as Json, code: code.join('\n') },
  });
}

/** The edits as TypeScript, each node under a comment that says who won it. */
function undoneLines(plan: Plan, undone: readonly UndoneEdit[]): string[] {
  return undone.flatMap(({ experiments, edits }) => [`// won by ${experiments.join(', ')}`, ...editLines(plan, edits)]);
}

function isIn(plan: Plan, id: string, edits: readonly NodeEdit[]): boolean {
  try {
    return planId(applyEdits(plan, edits)) === id;
  } catch (error) {
    // The node is gone, or is of another kind: what was won of it is, too.
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

/** Successive edits of one node as the one edit per facet that they come to. */
function foldEdits(edits: readonly NodeEdit[]): readonly NodeEdit[] {
  const { node } = edits[0]!;
  const facets = edits.reduce<Facets>(withEdit, {});
  const { step, config, input } = facets;
  const options = withoutEmpty(facets.options ?? {});
  return [
    ...(step ? [step] : []),
    ...(config ? [config] : []),
    ...(input ? [input] : []),
    ...(Object.keys(options).length > 0 ? [{ node, facet: 'options' as const, options }] : []),
  ];
}

type EditOf<Facet extends NodeEdit['facet']> = NodeEdit & { readonly facet: Facet };

interface Facets {
  readonly step?: EditOf<'step'>;
  readonly config?: EditOf<'config'>;
  readonly input?: EditOf<'input'>;
  readonly options?: NodeOptionsEdit;
}

function withEdit({ step, config, ...others }: Facets, edit: NodeEdit): Facets {
  const { options } = others;
  switch (edit.facet) {
    case 'step':
      // A new step brings its config, and where it brings a policy, that overrides what was set before.
      return { ...others, step: edit, ...(options && { options: edit.policy ? { ...options, policy: {} } : options }) };
    case 'config':
      if (!step) return { ...others, config: edit };
      return { ...others, step: { ...step, call: { ...step.call, config: edit.config } } };
    case 'input':
      return { ...others, ...(step && { step }), ...(config && { config }), input: edit };
    case 'options': {
      const merged = { ...options, ...edit.options, policy: { ...options?.policy, ...edit.options.policy } };
      return { ...others, ...(step && { step }), ...(config && { config }), options: merged };
    }
    default:
      return edit satisfies never;
  }
}

/** A container has no policy, not even an empty one. */
function withoutEmpty({ policy, ...others }: NodeOptionsEdit): NodeOptionsEdit {
  return policy && Object.keys(policy).length > 0 ? { ...others, policy } : others;
}

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(' and ');
