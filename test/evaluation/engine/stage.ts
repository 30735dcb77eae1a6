/** A place, the odd evaluation's world in it, and what the suites ask of both. */

import type { EvaluationWorker } from '../../../src/evaluation/evaluation-worker.ts';
import type { Example } from '../../../src/model/dataset.ts';
import type { Cell, ResultRow } from '../../../src/model/evaluation-result.ts';
import type { EvaluationSpec } from '../../../src/model/evaluation-spec.ts';
import { examplesOf, implementOdd, type Odd, oddSpec, PLANS } from './odd.ts';
import { create, type Place, putExamples, workerOf } from './world.ts';

/** Filled before the tests run; the world is new in each. */
export interface Stage {
  place: Place;
  readonly world: Odd;
}

export const workerOn = ({ place, world }: Stage, code?: (step: string) => string): EvaluationWorker =>
  workerOf(place, implementOdd(world), code);

export interface Put {
  readonly evaluationId: string;
  readonly version: string;
  readonly examples: readonly Example[];
}

/** An evaluation of words that no other test has used, or of these. */
export async function put(
  { place }: Stage,
  asked: number | readonly Example[],
  changes: Partial<EvaluationSpec> = {},
): Promise<Put> {
  const examples = typeof asked === 'number' ? examplesOf(asked) : asked;
  const version = await putExamples(place, examples);
  const evaluationId = await create(place, { spec: oddSpec(version, examples.length, changes), plans: PLANS });
  return { evaluationId, version, examples };
}

export const cellsOf = (rows: readonly ResultRow[], scorer: string): Cell[] => rows.map(({ cells }) => cells[scorer]!);
