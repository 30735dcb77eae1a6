/**
 * Where the boxes of a plan stand: layers from left to right, each node after all that it takes from; containers hold a
 * layout of their own. Arrows that follow from others are left out, so that what is left can be read.
 */
import type { Plan, PlanNode } from '../../../src/plan/plan.ts';
import { ownersIn, wiringsOf } from './plan-needs.ts';

export interface Box {
  readonly id: string;
  readonly kind: PlanNode['kind'] | 'end' | 'arm';
  readonly title: string;
  /** Under the title: the step, or what a container does. */
  readonly detail: string | null;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Arrow {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Those that hold others before what is in them. */
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** Widths of letters, as wide as fonts have them. */
const LETTER = { title: 7.4, detail: 6.8 };
const ROW = 42;
const LEAST = 64;
const GAP = { x: 24, y: 14 };
const PAD = 10;
const SIGN = 20;
const HEAD = 22;

/** A thing in a scope that arrows connect. */
interface Item {
  readonly id: string;
  readonly needs: ReadonlySet<string>;
  readonly layout: Layout;
}

export function layoutPlan(plan: Pick<Plan, 'nodes' | 'output'>): Layout {
  const items = plan.nodes.map((node) => itemOf(node, plan.nodes));
  const taken = new Set(items.flatMap(({ needs }) => [...needs]));
  const input: Item = { id: 'input', needs: new Set(), layout: endBox('input') };
  const lasts = new Set([
    ...ownersIn([plan.output], plan.nodes),
    ...items.filter(({ id }) => !taken.has(id)).map(({ id }) => id),
  ]);
  const output: Item = { id: 'output', needs: lasts.size > 0 ? lasts : new Set(['input']), layout: endBox('output') };
  // Whatever takes from no other node begins at the input.
  const begun = items.map((item) => (item.needs.size === 0 ? { ...item, needs: new Set(['input']) } : item));
  return inLayers([input, ...begun, output]);
}

function itemOf(node: PlanNode, siblings: readonly PlanNode[]): Item {
  const needs = new Set(ownersIn(wiringsOf(node), siblings));
  needs.delete(node.id);
  return { id: node.id, needs, layout: boxOf(node) };
}

function boxOf(node: PlanNode): Layout {
  switch (node.kind) {
    case 'step':
      return single(node.id, 'step', node.id, node.call.step);
    case 'repeat':
      return framed(node, `repeat, at most ${node.max}`, inScope(node.nodes));
    case 'map':
      return framed(node, `for each, at most ${node.max}`, inScope(node.nodes));
    case 'branch':
      return framed(
        node,
        'branch',
        stacked([armOf(node.id, 'then', node.then.nodes), armOf(node.id, 'otherwise', node.otherwise.nodes)]),
      );
    default:
      return node satisfies never;
  }
}

const inScope = (nodes: readonly PlanNode[]): Layout => inLayers(nodes.map((node) => itemOf(node, nodes)));

function armOf(branch: string, arm: 'then' | 'otherwise', nodes: readonly PlanNode[]): Layout {
  const id = `${branch} ${arm}`;
  if (nodes.length === 0) return single(id, 'arm', arm, 'no step');
  return frame({ id, kind: 'arm', title: arm, detail: null }, inScope(nodes));
}

const endBox = (id: 'input' | 'output'): Layout => single(id, 'end', id, null);

function single(id: string, kind: Box['kind'], title: string, detail: string | null): Layout {
  const words = Math.max(title.length * LETTER.title + SIGN, (detail?.length ?? 0) * LETTER.detail);
  const width = Math.max(LEAST, Math.ceil(words) + 2 * PAD);
  return { width, height: ROW, boxes: [{ id, kind, title, detail, x: 0, y: 0, width, height: ROW }], arrows: [] };
}

const framed = (node: PlanNode, detail: string, inner: Layout): Layout =>
  frame({ id: node.id, kind: node.kind, title: node.id, detail }, inner);

function frame(box: Pick<Box, 'id' | 'kind' | 'title' | 'detail'>, inner: Layout): Layout {
  const letters = box.title.length * LETTER.title + ((box.detail?.length ?? 0) + 3) * LETTER.detail;
  const words = Math.ceil(letters) + 2 * PAD + SIGN;
  const width = Math.max(words, inner.width + 2 * PAD);
  const height = inner.height + HEAD + PAD + 4;
  const { boxes, arrows } = moved(inner, (width - inner.width) / 2, HEAD + 4);
  return { width, height, boxes: [{ ...box, x: 0, y: 0, width, height }, ...boxes], arrows };
}

function moved(layout: Layout, x: number, y: number): Layout {
  const by = (point: Arrow['from']) => ({ x: point.x + x, y: point.y + y });
  return {
    ...layout,
    boxes: layout.boxes.map((box) => ({ ...box, x: box.x + x, y: box.y + y })),
    arrows: layout.arrows.map(({ from, to }) => ({ from: by(from), to: by(to) })),
  };
}

function stacked(parts: readonly Layout[]): Layout {
  const width = Math.max(0, ...parts.map((part) => part.width));
  let y = 0;
  const placed = parts.map((part) => {
    const at = moved(part, 0, y);
    y += part.height + GAP.y;
    return at;
  });
  return joined(placed, width, Math.max(0, y - GAP.y));
}

const joined = (parts: readonly Layout[], width: number, height: number, arrows: readonly Arrow[] = []): Layout => ({
  ...{ width, height, boxes: parts.flatMap((part) => part.boxes) },
  arrows: [...parts.flatMap((part) => part.arrows), ...arrows],
});

function inLayers(items: readonly Item[]): Layout {
  const layerOf = new Map<string, number>();
  // In a plan each node comes after all that it takes from, but for what a loop carries round.
  for (const { id, needs } of items)
    layerOf.set(id, Math.max(-1, ...[...needs].map((need) => layerOf.get(need) ?? -1)) + 1);
  const layers = [...Map.groupBy(items, ({ id }) => layerOf.get(id)!)]
    .sort(([a], [b]) => a - b)
    .map(([, layer]) => layer);
  const heights = layers.map((layer) => layer.reduce((sum, { layout }) => sum + layout.height + GAP.y, -GAP.y));
  const height = Math.max(0, ...heights);
  const placed = new Map<string, Layout>();
  let x = 0;
  for (const [place, layer] of layers.entries()) {
    const width = Math.max(...layer.map(({ layout }) => layout.width));
    let y = (height - heights[place]!) / 2;
    for (const { id, layout } of layer) {
      placed.set(id, moved(layout, x + (width - layout.width) / 2, y));
      y += layout.height + GAP.y;
    }
    x += width + GAP.x;
  }
  const arrows = arrowsOf(items, layerOf).map(([from, to]) => between(placed.get(from)!, placed.get(to)!));
  return joined([...placed.values()], Math.max(0, x - GAP.x), height, arrows);
}

function between({ boxes: [from] }: Layout, { boxes: [to] }: Layout): Arrow {
  return {
    from: { x: from!.x + from!.width, y: from!.y + from!.height / 2 },
    to: { x: to!.x, y: to!.y + to!.height / 2 },
  };
}

/** Without those that follow from others. */
function arrowsOf(
  items: readonly Item[],
  layerOf: ReadonlyMap<string, number>,
): readonly (readonly [string, string])[] {
  const before = new Map<string, ReadonlySet<string>>();
  const isForward = (from: string, to: string) => (layerOf.get(from) ?? Number.POSITIVE_INFINITY) < layerOf.get(to)!;
  return items.flatMap(({ id, needs }) => {
    const direct = [...needs].filter((need) => isForward(need, id));
    const further = new Set(direct.flatMap((need) => [...(before.get(need) ?? [])]));
    before.set(id, new Set([...direct, ...further]));
    return direct.filter((need) => !further.has(need)).map((need) => [need, id] as const);
  });
}
