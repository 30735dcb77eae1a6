/**
 * One set of edits under another, where both may edit one node: how any variant is run on other models than it names.
 * What the upper edits say stands; the lower ones hold wherever the upper leave the baseline as it was, in a config key by
 * key. Experiments never do this: what each of two arms was tested against would no longer hold.
 */
import { clash } from './compose.ts';
import { findNode } from './nodes.ts';
import type { Json, NodeEdit, Plan } from './plan.ts';

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
