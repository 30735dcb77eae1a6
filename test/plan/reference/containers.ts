/** Branches, maps and loops, to the reference. */
import type { BranchNode, Json, MapNode, RepeatNode } from '../../../src/plan/plan.ts';
import type { Ran, World } from './interpret.ts';
import {
  type Broken,
  brokenBy,
  combine,
  type Known,
  known,
  listOf,
  PENDING,
  type Result,
  readYield,
  resolve,
  type Scope,
} from './values.ts';

export function runBranch(world: World, node: BranchNode, scope: Scope, key: string): Ran {
  const when = resolve(node.when, scope, key);
  if (when.is !== 'known') return [when];
  if (typeof when.value !== 'boolean') return [brokenBy(key, 'mistake')];
  const arm = when.value ? node.then : node.otherwise;
  const inside = world.open(arm.nodes, scope, scope.index);
  const result = resolve(arm.yields, inside, key);
  if (result.is === 'broken') inside.dead = true;
  return [result];
}

export function runMap(world: World, node: MapNode, scope: Scope, key: string): Ran {
  const over = resolve(node.over, scope, key);
  if (over.is !== 'known') return [over];
  const items = listOf(over.value);
  if (!items) return [brokenBy(key, 'mistake')];
  if (items.length > node.max && node.whenOver === 'fail') return [brokenBy(key, 'ordinary')];
  const count = Math.min(items.length, node.max);
  const scopes: Scope[] = [];
  const results: Result[] = [];
  const mayEnter = () => node.concurrency + results.filter(({ is }) => is === 'known').length;
  while (scopes.length < Math.min(count, mayEnter())) {
    const index = scopes.length;
    const inside = world.open(node.nodes, scope, `${scope.index}[${index}]`, [`${node.id}:item`, items[index]]);
    const result = resolve(node.yields, inside, key);
    scopes.push(inside);
    results.push(result.is === 'known' && result.value === undefined ? brokenBy(key, 'mistake') : result);
  }
  const all = combine(results);
  if (all.is === 'broken') {
    kill(scopes);
    return [all];
  }
  if (all.is === 'pending') return [PENDING];
  const values = results.map((result) => (result as Known).value as Json);
  return [known(values), items.length > node.max ? 'truncated' : 'completed'];
}

export function runRepeat(world: World, node: RepeatNode, scope: Scope, key: string): Ran {
  const rounds: Scope[] = [];
  let carry: Json | undefined = node.start;
  for (let round = 1; ; round++) {
    const inside = world.open(node.nodes, scope, `${scope.index}[${round}]`, [`${node.id}:carry`, carry]);
    rounds.push(inside);
    const until = resolve(node.until, inside, key);
    const needed = (world.needed.get(node.id) ?? []).map((fields) => readYield(node, fields, inside, key));
    const complete = combine([until, ...needed]);
    if (complete.is === 'pending') return [PENDING];
    if (complete.is === 'broken') {
      inside.dead = true;
      return noMoreRounds(world, node, rounds, round - 1, complete);
    }
    const done = (until as Known).value;
    if (typeof done !== 'boolean') {
      kill(rounds);
      return [brokenBy(key, 'mistake')];
    }
    if (done) return [{ is: 'loop', node, last: inside, rounds: round }];
    if (round === node.max) return noMoreRounds(world, node, rounds, round, brokenBy(key, 'ordinary'));
    const next = resolve(node.carry, inside, key);
    if (next.is === 'pending') return [PENDING];
    if (next.is === 'broken') return noMoreRounds(world, node, rounds, round, next);
    carry = next.value;
  }
}

/** `standing` is the number of the last complete round; 0 where there is none. */
function noMoreRounds(world: World, node: RepeatNode, rounds: readonly Scope[], standing: number, why: Broken): Ran {
  const lenient = node.whenExhausted === 'keep-last' && standing > 0;
  if (lenient && why.kinds.size > 1) world.racy = true;
  if (lenient && !why.kinds.has('mistake')) {
    return [{ is: 'loop', node, last: rounds[standing - 1]!, rounds: standing }, 'exhausted'];
  }
  kill(rounds);
  return [why];
}

function kill(scopes: readonly Scope[]): void {
  for (const scope of scopes) scope.dead = true;
}
