/** Unit ids of the shapes that products have, and how evenly and independently they are assigned: for tests and `bench:assign`. */
import { type Assignable, compileAssignable } from '../../src/model/assign.ts';
import { chiSquareUpper } from '../../src/stats/distributions.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { srm } from '../../src/stats/srm.ts';

export const SHAPES = ['sequential', 'digits', 'uuid', 'e-mail'] as const;
export type Shape = (typeof SHAPES)[number];

/** `count` different ids, the same at each call. */
export function unitsOf(shape: Shape, count: number): readonly string[] {
  const random = randomFrom(11);
  const hex = (digits: number) =>
    random
      .index(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const make: { readonly [shape in Shape]: (n: number) => string } = {
    sequential: (n) => `${n}`,
    // Steps of a prime, as account numbers with a check digit have.
    digits: (n) => `${100_000_000_000 + n * 7_919}`,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`,
    'e-mail': (n) => `${['anna', 'jörg', 'li.wei', 'o’neil'][n % 4]}.${n}@mail${n % 7}.example.org`,
  };
  return Array.from({ length: count }, (_, n) => make[shape](n));
}

export const SPLITS: readonly (readonly number[])[] = [
  [0.5, 0.5],
  [0.9, 0.1],
  [0.33, 0.33, 0.34],
];

export function experimentOf(name: string, more: Partial<Assignable> = {}, weights = [0.5, 0.5]): Assignable {
  const arms = weights.map((weight, index) => ({ name: `arm-${index}`, weight }));
  return { shareSalt: name, range: [0, 1], armSalt: name, arms, ...more };
}

/** How likely arms would be as uneven as these, were units drawn by the weights. */
export function balanceP(experiment: Assignable, units: readonly string[]): number {
  const assigned = compileAssignable(experiment);
  const counts = new Map(experiment.arms.map(({ name }) => [name, 0]));
  for (const unit of units) {
    const found = assigned(unit);
    if (found !== null) counts.set(found.arm, counts.get(found.arm)! + 1);
  }
  return srm(
    [...counts.values()],
    experiment.arms.map(({ weight }) => weight),
  ).p!;
}

/** Of a 2 x 2 table of counts: how likely its rows would be as different as these, were they alike (Pearson). */
export function independenceP([a, b, c, d]: readonly [number, number, number, number]): number {
  const margins = (a + b) * (c + d) * (a + c) * (b + d);
  return chiSquareUpper(((a + b + c + d) * (a * d - b * c) ** 2) / margins, 1);
}

/** For each two of `count` experiments that run at once: whether an arm in one tells of the arm in the other. */
export function pairPs(count: number, units: readonly string[]): readonly number[] {
  const firsts = Array.from({ length: count }, (_, index) => {
    const assigned = compileAssignable(experimentOf(`experiment-${index}`));
    return Uint8Array.from(units, (unit) => (assigned(unit)!.arm === 'arm-0' ? 1 : 0));
  });
  return firsts.flatMap((one, index) =>
    firsts.slice(index + 1).map((other) => {
      const table: [number, number, number, number] = [0, 0, 0, 0];
      for (let n = 0; n < units.length; n += 1) table[2 * one[n]! + other[n]!]! += 1;
      return independenceP(table);
    }),
  );
}

/** How many units a share that grows lost, or moved between arms. */
export function movedBy(ends: readonly number[], units: readonly string[]): number {
  const stages = ends.map((end) => compileAssignable(experimentOf('ramp', { range: [0, end] }, [0.33, 0.33, 0.34])));
  let moved = 0;
  for (const unit of units) {
    const arms = stages.map((assigned) => assigned(unit)?.arm);
    const first = arms.findIndex((arm) => arm !== undefined);
    if (first >= 0 && arms.slice(first).some((arm) => arm !== arms[first])) moved += 1;
  }
  return moved;
}
