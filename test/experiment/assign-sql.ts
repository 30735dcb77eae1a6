/** Units assigned by the database, to compare with TypeScript's: for the store's suite and `bench:assign`. */
import { type Assignable, compileAssignable, sqlBounds } from '../../src/model/assign.ts';
import type { Queries } from '../../src/store/database.ts';

/** Names of arms, null outside the share; in the order of the units. */
export async function assignedBySql(
  queries: Queries,
  experiment: Assignable,
  units: readonly string[],
): Promise<readonly (string | null)[]> {
  const { shareFrom, shareTo, armBounds } = sqlBounds(experiment);
  const rows = await queries.query<{ arm: number | null }>(
    `select sluice_assign(unit, $2, $3, $4, $5, $6::bigint[]) as arm
     from unnest($1::text[]) with ordinality as given (unit, place) order by place`,
    [units, experiment.shareSalt, shareFrom, shareTo, experiment.armSalt, armBounds],
  );
  return rows.map(({ arm }) => (arm === null ? null : experiment.arms[arm]!.name));
}

/** How many units the database and TypeScript assign differently. */
export async function mismatches(queries: Queries, experiment: Assignable, units: readonly string[]): Promise<number> {
  const assigned = compileAssignable(experiment);
  const found = await assignedBySql(queries, experiment, units);
  if (found.length !== units.length) throw new Error(`${found.length} answers for ${units.length} units`);
  return found.filter((arm, index) => arm !== (assigned(units[index]!)?.arm ?? null)).length;
}

/** Many experiments at once, alone and in a layer, of different shares and splits. */
export function experimentsAtOnce(count: number): readonly Assignable[] {
  const splits = [[0.5, 0.5], [0.9, 0.1], [1 / 3, 1 / 3, 1 / 3], [0, 0.25, 0.75], Array<number>(10).fill(0.1)];
  return Array.from({ length: count }, (_, index) => {
    const name = `experiment-${index}`;
    const arms = splits[index % splits.length]!.map((weight, arm) => ({ name: `arm-${arm}`, weight }));
    if (index % 2 === 0) return { shareSalt: name, range: [0, 1], armSalt: name, arms } as const;
    return { shareSalt: 'layer.answer', range: [index / (2 * count), (index + 2) / (2 * count)], armSalt: name, arms };
  });
}

const WIDEST = 16;

/** Different units of characters of one to four bytes, up to 16 of them. */
export function mixedUnits(count: number, index: (size: number) => number): readonly string[] {
  const kinds = [
    [0x20, 0x7f],
    [0x80, 0x800],
    [0x800, 0xd800],
    [0x10000, 0x110000],
  ] as const;
  const character = (): string => {
    const [from, to] = kinds[index(kinds.length)]!;
    return String.fromCodePoint(from + index(to - from));
  };
  const units = new Set<string>();
  while (units.size < count) units.add(Array.from({ length: 1 + index(WIDEST) }, character).join(''));
  return [...units];
}
