/** What there is to read about what people are asked: the examples it is of, and the rows of the evaluation. */

import type { Example } from '../../model/dataset.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { examplesOfPart } from '../compare/load.ts';
import type { Asked } from './sample.ts';

export type WithContents = Pick<Store, 'evaluations' | 'datasets'>;

/** Examples whose rows are read at a time. */
const PAGE = 100;

type OfRow = Pick<Asked, 'exampleId' | 'variant' | 'repeat'>;

export interface Contents {
  /** Undefined where the store has it no more. */
  example(item: Pick<Asked, 'exampleId'>): Example | undefined;
  row(item: OfRow): ResultRow | undefined;
}

export async function readContents(
  store: WithContents,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
  items: readonly Pick<Asked, 'exampleId'>[],
): Promise<Contents> {
  const ids = [...new Set(items.map(({ exampleId }) => exampleId))];
  const examples = new Map<string, Example>();
  const [id] = ids;
  if (ids.length === 1)
    for (const example of await store.datasets.examples(spec.dataset.version, { id, limit: 1 }))
      examples.set(example.id, example);
  else {
    const wanted = new Set(ids);
    for await (const example of examplesOfPart(store, spec.dataset))
      if (wanted.has(example.id)) examples.set(example.id, example);
  }
  const rows = new Map<string, ResultRow>();
  for (let from = 0; from < ids.length; from += PAGE)
    for (const row of await store.evaluations.results(evaluationId, ids.slice(from, from + PAGE)))
      rows.set(keyOf(row), row);
  return Object.freeze({
    example: ({ exampleId }) => examples.get(exampleId),
    row: (item) => rows.get(keyOf(item)),
  } satisfies Contents);
}

const keyOf = ({ exampleId, variant, repeat }: OfRow): string => JSON.stringify([exampleId, variant, repeat]);
