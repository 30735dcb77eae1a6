/** One chunk of an evaluation, as a worker does it: over the memo of its process, storing what is done as it is done. */

import type { Example } from '../../model/dataset.ts';
import { addTallies, type ChunkInput, type ChunkResult } from '../../model/evaluate-messages.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationPins } from '../../model/evaluation-spec.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { MakeAttempt } from '../attempts.ts';
import type { EvaluationWorker } from '../evaluation-worker.ts';
import { createMemoHost, type StepIdentity } from '../memo-host.ts';
import { checkPinned, evaluationMoved, identityOf, pinnedConfig } from '../pins.ts';
import { chunksOf, wholeChunk } from './chunks.ts';
import { evaluateExamples } from './evaluate-examples.ts';
import { inputReader } from './input-reader.ts';
import { readSettled, type Settled } from './settled.ts';
import { tallyOf } from './tally.ts';

/**
 * @throws SluiceError `evaluation_moved` where the code here is not what was pinned, `dataset_incomplete`; the signal's reason
 *   when it aborts
 */
export async function evaluateChunk(
  worker: EvaluationWorker,
  { evaluationId, chunk, of }: ChunkInput,
  signal: AbortSignal,
): Promise<ChunkResult> {
  const { store } = worker;
  const row = await store.evaluations.get(evaluationId);
  const pins = await pinsOf(worker, row);
  if (of !== undefined && of !== chunksOf(row.spec).length)
    throw evaluationMoved(evaluationId, 'the evaluation itself');
  const examples = await wholeChunk(store, row.spec, chunk);
  const settled = await readSettled(store, row, examples);
  const open = examples.filter(({ id }) => !settled.hasAll(id));
  if (open.length === 0) return settled.tally;
  return addTallies(settled.tally, await evaluate(worker, { row, pins, examples: open, settled, signal }));
}

async function pinsOf({ digests }: EvaluationWorker, { evaluationId, pins }: EvaluationRow): Promise<EvaluationPins> {
  if (pins === null) throw evaluationMoved(evaluationId, 'everything');
  checkPinned(evaluationId, pins, await digests());
  return pins;
}

interface Work {
  readonly row: EvaluationRow;
  readonly pins: EvaluationPins;
  readonly examples: readonly Example[];
  readonly settled: Settled;
  readonly signal: AbortSignal;
}

async function evaluate(worker: EvaluationWorker, work: Work): Promise<ChunkResult> {
  const { slots, spend } = worker;
  const { row, pins, examples, settled, signal } = work;
  const { spec, evaluationId } = row;
  const plans = await Promise.all(spec.variants.map(({ planId }) => worker.planOf(planId)));
  const asRead = inputReader(plans[0]!);
  return worker.memo.use(async (memo) => {
    const host = createMemoHost({
      memo,
      slots,
      runId: evaluationId,
      identify: (call) => asRedacted(identityOf(call, pins), worker),
      attempt: atSnapshots(worker, pins),
    });
    let tally = tallyOf(spec, []);
    const onRows = async (rows: readonly ResultRow[]) => {
      // A row says that its calls are made, so they are stored before it is.
      await memo.flush();
      await worker.putRows(evaluationId, rows);
      tally = addTallies(tally, tallyOf(spec, rows));
    };
    const isSettled = settled.has;
    const asked = examples.map((example) => redacted({ ...example, input: asRead(example.input) }, worker));
    await evaluateExamples({ spec, plans, host, spend, signal, isSettled, onRows }, asked);
    return tally;
  });
}

/** As a run would have it: its client redacts what it is asked before anything is kept, or told to a step. */
function redacted(example: Example, { redaction }: EvaluationWorker): Example {
  if (!redaction?.isOn) return example;
  const { input, expected } = example;
  return {
    ...example,
    input: redaction.json(input) as Example['input'],
    ...(expected !== undefined && { expected: redaction.json(expected) as NonNullable<Example['expected']> }),
  };
}

/** What a step gave under other rules is no answer: it may hold what these take out. */
function asRedacted(identity: StepIdentity, { redaction }: EvaluationWorker): StepIdentity {
  return redaction?.isOn ? { ...identity, digest: `${identity.digest} ${redaction.digest}` } : identity;
}

function atSnapshots({ attempt, takesSnapshot }: EvaluationWorker, pins: EvaluationPins): MakeAttempt {
  return (request) => {
    if (!takesSnapshot(request.step)) return attempt(request);
    const config = pinnedConfig({ step: request.step, config: request.config }, pins);
    return attempt({ ...request, config });
  };
}
