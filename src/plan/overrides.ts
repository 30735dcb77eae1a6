/** What a variant changes of what the variants it includes have edited, as data: read off the plans, not off the edits. */
import { applyEdits, type ComposedArm } from './compose.ts';
import { diffPlans, type PlanChange, type PlanOverride } from './diff.ts';
import { freezeJson } from './json.ts';
import type { Plan } from './plan.ts';

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
