/** One chunk of an evaluation, as a worker does it: over a memo of its own, storing what is done as it is done. */
import type { ChunkInput, ChunkResult } from '../../../workflows/evaluate-messages.ts';
import { SluiceError } from '../../errors.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { MakeAttempt } from '../attempts.ts';
import type { Example } from '../dataset.ts';
import type { EvaluationWorker } from '../evaluation-worker.ts';
import { createMemoHost } from '../memo-host.ts';
import { changedSteps, identityOf, pinnedConfig } from '../pins.ts';
import type { ResultRow } from '../result.ts';
import type { EvaluationPins } from '../spec.ts';
import { examplesOf } from './chunks.ts';
import { evaluateExamples } from './evaluate-examples.ts';
import { tallyOf } from './tally.ts';

/** @throws SluiceError `evaluation_moved` where the code here is not what was pinned; the signal's reason when it aborts */
export async function evaluateChunk(
  worker: EvaluationWorker,
  { evaluationId, chunk }: ChunkInput,
  signal: AbortSignal,
): Promise<ChunkResult> {
  const { store } = worker;
  const row = await store.evaluations.get(evaluationId);
  const pins = await pinsOf(worker, row);
  const examples = await examplesOf(store, row.spec, chunk);
  const stored = Map.groupBy(
    await store.evaluations.results(
      evaluationId,
      examples.map(({ id }) => id),
    ),
    ({ exampleId }) => exampleId,
  );
  const open = examples.filter(({ id }) => !isComplete(row, stored.get(id) ?? []));
  const made = open.length === 0 ? [] : await evaluate(worker, { row, pins, examples: open, signal });
  const reused = examples.filter((example) => !open.includes(example)).flatMap(({ id }) => stored.get(id) ?? []);
  return tallyOf(row.spec, [...reused, ...made]);
}

async function pinsOf({ digests }: EvaluationWorker, { evaluationId, pins }: EvaluationRow): Promise<EvaluationPins> {
  const changed = pins ? changedSteps(pins, await digests()) : ['everything'];
  if (pins && changed.length === 0) return pins;
  throw new SluiceError('evaluation_moved', {
    message: `${evaluationId} began with other code of ${changed.join(', ')} than this worker has`,
    remedy: 'let a worker with that code go on with it',
    // Another worker may have it.
    retryable: true,
  });
}

/** All its rows are there, and trying again would fill no cell. */
function isComplete({ spec }: EvaluationRow, rows: readonly ResultRow[]): boolean {
  const isSettled = ({ cells }: ResultRow) =>
    Object.values(cells).every((cell) => cell.state !== 'missing' || !cell.resumable);
  return rows.length === spec.variants.length * spec.repeats && rows.every(isSettled);
}

interface Work {
  readonly row: EvaluationRow;
  readonly pins: EvaluationPins;
  readonly examples: readonly Example[];
  readonly signal: AbortSignal;
}

async function evaluate(
  worker: EvaluationWorker,
  { row, pins, examples, signal }: Work,
): Promise<readonly ResultRow[]> {
  const { slots, spend } = worker;
  const { spec, evaluationId } = row;
  const plans = await Promise.all(spec.variants.map(({ planId }) => worker.planOf(planId)));
  return worker.memo.use(async (memo) => {
    const host = createMemoHost({
      memo,
      slots,
      runId: evaluationId,
      identify: (call) => identityOf(call, pins),
      attempt: atSnapshots(worker, pins),
    });
    const made: ResultRow[] = [];
    const onRows = async (rows: readonly ResultRow[]) => {
      // A row says that its calls are made, so they are stored before it is.
      await memo.flush();
      await worker.putRows(evaluationId, rows);
      made.push(...rows);
    };
    await evaluateExamples({ spec, plans, host, spend, signal, onRows }, examples);
    return made;
  });
}

function atSnapshots({ attempt, takesSnapshot }: EvaluationWorker, pins: EvaluationPins): MakeAttempt {
  return (request) => {
    if (!takesSnapshot(request.step)) return attempt(request);
    const config = pinnedConfig({ step: request.step, config: request.config }, pins);
    return attempt({ ...request, config });
  };
}
