/**
 * A map: once its list is known, its items are entered in order, so many at a time, and their yields make a list in
 * that order. An item leaves its place to the next when its yield is known: a log inside it holds up nobody.
 */
import type { Json, MapNode } from '../plan.ts';
import { type Items, itemsOf } from '../resolve.ts';
import { errorOf, type NodeState, ownerOf } from './frame.ts';
import { blame } from './known.ts';
import { awaitWiring, fail, openFrame, type Run, succeed } from './run.ts';

export function placeMap(run: Run, state: NodeState, node: MapNode): void {
  awaitWiring(state, node.over, state.frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    const items = blame(ownerOf(state), itemsOf(known.value));
    if ('error' in items) return fail(run, state, items.error);
    if (items.value.length > node.max && node.whenOver === 'fail') {
      const message = `${items.value.length} items, and 'max' is ${node.max}`;
      return fail(run, state, errorOf(ownerOf(state), 'MapTooLong', message));
    }
    mapItems(run, state, node, items.value);
  });
}

function mapItems(run: Run, state: NodeState, node: MapNode, items: Items): void {
  const { frame } = state;
  const count = Math.min(items.length, node.max);
  const outcome = items.length > node.max ? 'truncated' : 'completed';
  const yields = new Array<Json>(count);
  let entered = 0;
  let known = 0;

  function enterNext(): void {
    if (state.run || entered === count) return;
    const index = entered++;
    const local = { name: `${node.id}:item`, value: items.item(index) };
    const inside = openFrame(run, node.nodes, state, `${frame.index}[${index}]`, local);
    awaitWiring(state, node.yields, inside, (yielded) => {
      if ('error' in yielded) return fail(run, state, yielded.error);
      if (yielded.value === undefined) {
        return fail(run, state, errorOf(ownerOf(state), 'WiringAbsent', `the yield of item ${index} has no value`));
      }
      yields[index] = yielded.value;
      known += 1;
      if (known === count) succeed(run, state, outcome, yields);
      else run.agenda.spread(enterNext);
    });
  }
  if (count === 0) succeed(run, state, outcome, []);
  for (let place = 0; place < Math.min(node.concurrency, count); place++) enterNext();
}
