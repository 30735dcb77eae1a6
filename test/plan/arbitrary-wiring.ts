/** Random wiring over what a scope offers, drawn from a list of decisions. */
import type { Json, Wiring } from '../../src/plan/plan.ts';

/** Draws from a list of numbers, each one decision; when they run out, all that follows is the simplest there is. */
export interface Dice {
  readonly number: (below: number) => number;
  readonly pick: <Of>(of: readonly Of[]) => Of;
  readonly chance: (percent: number) => boolean;
}

export function createDice(decisions: readonly number[]): Dice {
  let next = 0;
  const number = (below: number) => (decisions[next++] ?? 0) % below;
  return {
    number,
    pick: (of) => of[number(of.length)]!,
    chance: (percent) => number(100) >= 100 - percent,
  };
}

/** A note may be absent; a record is an object that may be passed whole. */
type Kind = 'text' | 'flag' | 'items' | 'note' | 'record';

/** Something that may be read. */
export interface Place {
  readonly kind: Kind;
  readonly path: readonly [string, ...string[]];
}
export type Scope = readonly Place[];

/** What a step, a branch and the pipeline's input have to be read. */
export function placesOf(id: string): Place[] {
  return [
    { kind: 'text', path: [id, 'text'] },
    { kind: 'flag', path: [id, 'flag'] },
    { kind: 'items', path: [id, 'items'] },
    { kind: 'note', path: [id, 'note'] },
    { kind: 'record', path: [id] },
  ];
}

export function ref({ pick }: Dice, scope: Scope, kind: Kind): Wiring {
  return { $from: pick(scope.filter((place) => place.kind === kind)).path };
}

/** Rarely something that is no boolean: a typed failure, which no help applies to. */
export function flagRef(dice: Dice, scope: Scope): Wiring {
  return dice.chance(2) ? ref(dice, scope, 'text') : ref(dice, scope, 'flag');
}

export function wireObject(dice: Dice, scope: Scope, most: number): Wiring {
  const count = Math.min(most, dice.number(most + 2));
  return { $object: Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, wire(dice, scope)])) };
}

function wire(dice: Dice, scope: Scope, deep = true): Wiring {
  const shape = dice.number(10);
  if (shape < 3) return ref(dice, scope, 'text');
  if (shape < 7) return ref(dice, scope, dice.pick(['flag', 'items', 'record', 'note']));
  if (shape === 7) return { $value: dice.pick<Json>(['literal', 1, null, { a: [true] }]) };
  if (!deep) return ref(dice, scope, 'text');
  if (shape === 8) return { $list: [ref(dice, scope, 'text'), { $value: 'x' }, ref(dice, scope, 'record')] };
  return { $object: { inner: wire(dice, scope, false), other: wire(dice, scope, false) } };
}
