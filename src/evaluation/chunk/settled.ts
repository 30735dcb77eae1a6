/**
 * What of a chunk is done already: rows whose cells another try would not change. They are not made again, whatever becomes
 * of the other rows of their example; of them only numbers are kept, since their outputs may be large.
 */

import type { Example } from '../../model/dataset.ts';
import { addTallies, type ChunkResult } from '../../model/evaluate-messages.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { tallyOf } from './tally.ts';

export type RowPlace = Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'>;

export interface Settled {
  readonly tally: ChunkResult;
  has(place: RowPlace): boolean;
  /** Whether all rows of the example are. */
  hasAll(exampleId: string): boolean;
}

export async function readSettled(
  { evaluations }: Pick<Store, 'evaluations'>,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
  examples: readonly Example[],
): Promise<Settled> {
  const places = new Set<string>();
  const rowsOf = new Map<string, number>();
  let tally = tallyOf(spec, []);
  for await (const row of evaluations.eachResult(evaluationId, { exampleIds: examples.map(({ id }) => id) })) {
    if (!isSettled(row)) continue;
    places.add(keyOf(row));
    rowsOf.set(row.exampleId, (rowsOf.get(row.exampleId) ?? 0) + 1);
    tally = addTallies(tally, tallyOf(spec, [row]));
  }
  return Object.freeze({
    tally,
    has: (place: RowPlace) => places.has(keyOf(place)),
    hasAll: (exampleId: string) => rowsOf.get(exampleId) === spec.variants.length * spec.repeats,
  });
}

const isSettled = ({ cells }: ResultRow): boolean =>
  Object.values(cells).every((cell) => cell.state !== 'missing' || !cell.resumable);

const keyOf = ({ exampleId, variant, repeat }: RowPlace): string => `${variant}/${repeat}/${exampleId}`;
