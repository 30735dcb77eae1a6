/** Node runs nested as the plan nests them: loops hold their rounds, maps their items, branches the arm that was taken. */
import { bodiesOf, nodesOf } from '../plan/nodes.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';

/** Of a node run's key: `join[1][0]` is `join` at `[1, 0]`. */
interface Place {
  readonly id: string;
  readonly index: readonly number[];
}

/** What stands in the tree: a node run, or a part of a container. */
export interface Branching<Node> {
  readonly nodeOf: (node: PlanNode, key: string, nested: readonly Node[]) => Node | undefined;
  readonly partOf: (container: PlanNode, part: Part, nested: readonly Node[]) => Node;
  /** A node run that the plan does not know, such as what is not of a node at all. */
  readonly strayOf: (key: string) => Node;
}

export interface Part {
  readonly kind: 'round' | 'item' | 'arm';
  /** `answer[2]`, `reply/then` */
  readonly key: string;
  /** `round 2`, `item 0`, `then` */
  readonly name: string;
}

/** @param keys of all node runs that are known of */
export function nest<Node>(plan: Plan, keys: readonly string[], make: Branching<Node>): readonly Node[] {
  const places = keys.map(placeOf);
  const idsWithin = new Map<readonly PlanNode[], ReadonlySet<string>>();
  const known = new Set(keys);

  function isWithin(body: readonly PlanNode[], index: readonly number[]): (place: Place) => boolean {
    const ids = idsWithin.get(body) ?? new Set([...nodesOf({ nodes: body })].map(({ id }) => id));
    idsWithin.set(body, ids);
    return (place) => ids.has(place.id) && index.every((number, depth) => place.index[depth] === number);
  }

  /** Rounds, or items, of which anything is known. */
  function numbersOf(body: readonly PlanNode[], index: readonly number[]): readonly number[] {
    const within = places.filter(isWithin(body, index));
    return [...new Set(within.flatMap((place) => place.index[index.length] ?? []))].sort((a, b) => a - b);
  }

  function partsOf(container: PlanNode, index: readonly number[]): readonly Node[] {
    if (container.kind === 'step') return [];
    const key = container.id + keyOf(index);
    return bodiesOf(container).flatMap(({ name, nodes }) => {
      if (container.kind === 'branch') {
        if (!places.some(isWithin(nodes, index))) return [];
        return [make.partOf(container, { kind: 'arm', key: `${key}/${name}`, name }, within(nodes, index))];
      }
      const kind = container.kind === 'repeat' ? 'round' : 'item';
      return numbersOf(nodes, index).map((number) => {
        const part: Part = { kind, key: `${key}[${number}]`, name: `${kind} ${number}` };
        return make.partOf(container, part, within(nodes, [...index, number]));
      });
    });
  }

  function within(nodes: readonly PlanNode[], index: readonly number[]): readonly Node[] {
    return nodes.flatMap((node) => {
      const key = node.id + keyOf(index);
      const nested = partsOf(node, index);
      if (!known.has(key) && nested.length === 0) return [];
      return make.nodeOf(node, key, nested) ?? [];
    });
  }

  const planned = new Set([...nodesOf(plan)].map(({ id }) => id));
  const strays = places.flatMap(({ id }, at) => (planned.has(id) ? [] : [make.strayOf(keys[at]!)]));
  return [...within(plan.nodes, []), ...strays];
}

const keyOf = (index: readonly number[]): string => index.map((number) => `[${number}]`).join('');

function placeOf(key: string): Place {
  const [, id, index] = /^(.*?)((?:\[\d+\])*)$/.exec(key)!;
  return { id: id!, index: [...index!.matchAll(/\d+/g)].map(([number]) => Number(number)) };
}
