/** The end of an evaluation: a row for whatever has none, and what it has come to. */
import type { EvaluateActivities } from '../model/evaluate-messages.ts';
import { type Cell, type EvaluationState, NO_FACTS, type ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import type { Store } from '../store/store.ts';
import { chunksOf, examplesOf } from './chunk/chunks.ts';

type EndInput = Parameters<EvaluateActivities['endEvaluation']>[0];

const REASONS = {
  done: 'not evaluated',
  stopped: 'the budget was used up before',
  cancelled: 'the evaluation was cancelled before',
  failed: 'the evaluation failed before',
} as const;

export async function endEvaluation(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  { evaluationId, how, error }: EndInput,
): Promise<{ readonly state: EvaluationState }> {
  const { spec } = await store.evaluations.get(evaluationId);
  const { done, total } = await store.evaluations.progress(evaluationId);
  if (done < total) await fillAbsent(store, evaluationId, spec, REASONS[how]);
  const state = how === 'done' ? await stateOf(store, evaluationId) : how;
  await store.evaluations.setState(evaluationId, state, error);
  return { state };
}

async function fillAbsent(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  evaluationId: string,
  spec: EvaluationSpec,
  reason: string,
): Promise<void> {
  for (const [chunk] of chunksOf(spec).entries()) {
    const ids = (await examplesOf(store, spec, chunk)).map(({ id }) => id);
    const there = new Set<string>();
    const rows = store.evaluations.eachResult(evaluationId, { exampleIds: ids, scoresOnly: true });
    for await (const row of rows) there.add(placeOf(row));
    const absent = ids.flatMap((id) => emptyRows(spec, id, reason)).filter((row) => !there.has(placeOf(row)));
    if (absent.length > 0) await store.evaluations.putResults(evaluationId, absent);
  }
}

const placeOf = ({ exampleId, variant, repeat }: Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'>): string =>
  `${variant}/${repeat}/${exampleId}`;

/** Without all of its rows it is not whole, whatever has become of the others. */
async function stateOf(store: Pick<Store, 'evaluations'>, evaluationId: string): Promise<EvaluationState> {
  const { done, total } = await store.evaluations.progress(evaluationId);
  return done < total || (await store.evaluations.hasResumable(evaluationId)) ? 'partial' : 'completed';
}

function emptyRows(spec: EvaluationSpec, exampleId: string, reason: string): ResultRow[] {
  const missing: Cell = { state: 'missing', reason, resumable: true };
  const cells = Object.fromEntries(spec.scorers.map(({ id }) => [id, missing]));
  return spec.variants.flatMap((_, variant) =>
    Array.from(
      { length: spec.repeats },
      (_, n): ResultRow => ({
        exampleId,
        variant,
        repeat: n + 1,
        outcome: 'missing',
        error: null,
        output: null,
        run: NO_FACTS,
        cells,
        calls: [],
      }),
    ),
  );
}
