/**
 * Lowering `.use(...)`: another pipeline's nodes become nodes of this one, their ids prefixed, their reads of `input`
 * replaced by what is wired to it. Nothing of the used pipeline remains as a unit, so nothing waits for it as one.
 */
import { bodiesOf } from '../plan/nodes.ts';
import type { Arm, PlanNode, Wiring } from '../plan/plan.ts';
import { type Replace, replaceSources, within } from './alias.ts';
import { add, checkDepth, claim, claimInlined, type Draft, type Known, type WiringFunction } from './draft.ts';
import { internalsOf } from './internals.ts';
import { lowerObjectIn } from './scope.ts';

/** The draft with a pipeline inlined under an id. */
export function placeUse(draft: Draft, id: string, pipeline: unknown, wiring: WiringFunction): Draft {
  const used = internalsOf(pipeline, `use '${id}'`);
  const claimed = claim(draft, id, { kind: 'use' });
  const input = lowerObjectIn(draft, wiring, used.input, `use '${id}'`);
  const rename: Rename = {
    id: (inner) => `${id}/${inner}`,
    source: ([head, ...fields]) => (head === 'input' ? within(input, fields) : { $from: [`${id}/${head}`, ...fields] }),
  };

  const nodes = used.plan.nodes.map((node) => renameNode(node, rename));
  checkDepth(draft.depth + depthOf(nodes), `use '${id}'`);
  let inlined = claimed;
  for (const [inner, known] of used.known)
    inlined = claimInlined(inlined, rename.id(inner), renameKnown(known, rename));
  const output = renameWiring(used.plan.output, rename, `'output' of '${id}'`);
  return { ...add(inlined, id, nodes, used.output), aliases: new Map(draft.aliases).set(id, output) };
}

interface Rename {
  readonly id: (inner: string) => string;
  readonly source: Replace;
}

function renameWiring(wiring: Wiring, rename: Rename, at: string): Wiring {
  return replaceSources(wiring, rename.source, at);
}

/** Edits of an inlined node are wired in the used pipeline's own scope, then taken out of it like the node was. */
function renameKnown(known: Known, rename: Rename): Known {
  if (known.kind !== 'step') return known;
  return { ...known, lower: (wire, schema, at) => renameWiring(known.lower(wire, schema, at), rename, at) };
}

function renameNode(node: PlanNode, rename: Rename): PlanNode {
  const id = rename.id(node.id);
  const wiring = (old: Wiring) => renameWiring(old, rename, `node '${id}'`);
  const nodes = (inner: readonly PlanNode[]) => inner.map((each) => renameNode(each, rename));
  const arm = (old: Arm): Arm => ({ nodes: nodes(old.nodes), yields: wiring(old.yields) });
  switch (node.kind) {
    case 'step':
      return { ...node, id, input: wiring(node.input), ...(node.when && { when: wiring(node.when) }) };
    case 'repeat':
      return {
        ...node,
        id,
        nodes: nodes(node.nodes),
        until: wiring(node.until),
        carry: wiring(node.carry),
        yields: Object.fromEntries(Object.entries(node.yields).map(([name, shown]) => [name, wiring(shown)])),
      };
    case 'branch':
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      return { ...node, id, when: wiring(node.when), then: arm(node.then), otherwise: arm(node.otherwise) };
    case 'map':
      return { ...node, id, over: wiring(node.over), ...arm(node) };
    default:
      return node satisfies never;
  }
}

/** Containers within each other, at most, in these nodes. */
function depthOf(nodes: readonly PlanNode[]): number {
  const depths = nodes.flatMap((node) => bodiesOf(node).map((body) => 1 + depthOf(body.nodes)));
  return Math.max(0, ...depths);
}
