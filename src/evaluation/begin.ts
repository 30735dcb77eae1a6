/**
 * Begins and ends an evaluation. Beginning makes no call: it checks the request, pins code and snapshots, compares the
 * declaration with the locked one, and claims the final split. It is idempotent: existing pins stay.
 */
import { SluiceError } from '../base/errors.ts';
import type { Example } from '../model/dataset.ts';
import type { BegunEvaluation, EvaluateActivities } from '../model/evaluate-messages.ts';
import { type Cell, type EvaluationState, NO_FACTS, type ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec } from '../model/evaluation-spec.ts';
import { shortId } from '../plan/id.ts';
import { dryRunMissing, openWrites } from '../plan/open-writes.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { registrationChanges, registrationOf } from './compare/registration.ts';
import type { EvaluationWorker } from './evaluation-worker.ts';
import { checkPinned, pinsFor } from './pins.ts';

const TAMPERED = 'registration_tampered';

/**
 * @param input `acceptChanged`: take code that changed under an unchanged version for the step's own from now on
 * @throws SluiceError `dataset_empty`, `dataset_incomplete`, `plan_unknown`, `step_changed`, `registration_tampered`, `final_used`, `final_empty`, `evaluation_moved`,
 *   `step_unknown`, `dry_run_missing`, `index_unknown` and others of snapshots
 */
export async function beginEvaluation(
  worker: Pick<EvaluationWorker, 'store' | 'digests' | 'writeOf'>,
  { evaluationId, acceptChanged = false }: { readonly evaluationId: string; readonly acceptChanged?: boolean },
): Promise<BegunEvaluation> {
  const { store } = worker;
  const row = await store.evaluations.get(evaluationId);
  await checkExamples(worker, row);
  await checkWrites(worker, row);
  const pins = row.pins ?? (await pin(worker, row, acceptChanged));
  const digests = await worker.digests();
  checkPinned(evaluationId, pins, digests);
  await register(worker, row, pins);
  await claimFinal(worker, row);
  // The evaluation may have been paused or ended meanwhile; that state wins.
  await store.evaluations.moveState(evaluationId, ['begun'], 'running');
  const { spec } = row;
  return {
    chunks: chunksOf(spec).length,
    variants: spec.variants.map(({ name }) => name),
    metrics: spec.metrics.map(({ name }) => name),
    examples: spec.dataset.examples,
  };
}

/** An evaluation of fewer examples than it was to have would look as if it was whole. */
async function checkExamples({ store }: Pick<EvaluationWorker, 'store'>, { spec }: EvaluationRow): Promise<void> {
  const { name, version, split, tag, examples } = spec.dataset;
  if (examples < 1)
    throw new SluiceError('dataset_empty', {
      message: `'${spec.name}' has no examples of '${name}' to evaluate`,
      remedy: `see what it holds: sluice dataset show ${name}`,
      data: { dataset: name },
    });
  const filter = { ...(split !== null && { split }), ...(tag !== null && { tag }) };
  if ((await store.datasets.countExamples(version, filter)) < examples) throw incomplete(spec);
}

/** A `write` is never executed here: its dry run stands for it, or nothing begins. */
async function checkWrites(
  { store, writeOf }: Pick<EvaluationWorker, 'store' | 'writeOf'>,
  { evaluationId, spec }: EvaluationRow,
): Promise<void> {
  for (const { planId } of spec.variants) {
    const open = openWrites(await store.plans.get(planId), writeOf);
    if (open.length > 0) throw dryRunMissing(evaluationId, open);
  }
}

async function pin(
  { store, digests }: Pick<EvaluationWorker, 'store' | 'digests'>,
  { evaluationId, spec }: EvaluationRow,
  acceptChanged: boolean,
): Promise<EvaluationPins> {
  const plans = await Promise.all(spec.variants.map(({ planId }) => store.plans.get(planId)));
  const snapshotOf = async (index: string, prefix?: string) => (await store.indexes.snapshot(index, prefix)).hash;
  const pins = await pinsFor(plans, spec.scorers, { digests: await digests(), snapshotOf });
  const steps = Object.entries(pins.digests).map(([step, digest]) => ({ step, digest }));
  const stale = await store.memo.checkDigests(steps, acceptChanged);
  if (stale.length > 0 && !acceptChanged) throw stepChanged(stale.map(({ step }) => step));
  return store.evaluations.pin(evaluationId, pins);
}

async function register(
  { store }: Pick<EvaluationWorker, 'store'>,
  { evaluationId, spec }: EvaluationRow,
  pins: EvaluationPins,
): Promise<void> {
  if (spec.definition === null) return;
  const content = registrationOf(spec, pins);
  const locked = await store.evaluations.register(spec.definition, content, evaluationId);
  // Not by their hashes: content that was locked by an earlier release has fewer fields.
  const changes = registrationChanges(locked.content, content).map(({ what, from, to }) => `${what}: ${from} → ${to}`);
  if (changes.length === 0) return;
  throw new SluiceError(TAMPERED, {
    message: `'${spec.definition}' is not what it was when it was registered by ${locked.evaluationId}: ${changes.join('; ')}`,
    remedy: 'put it back as it was, or give what you now want to show another name in defineEvaluation',
    data: { definition: spec.definition, changes, registeredBy: locked.evaluationId },
  });
}

/** Looking at the final examples is done once for a promotion, also among others. */
async function claimFinal({ store }: Pick<EvaluationWorker, 'store'>, row: EvaluationRow): Promise<void> {
  const { evaluationId, startedBy, spec } = row;
  const { dataset, pipeline, variants } = spec;
  if (dataset.split === 'dev') return;
  const finals = await store.datasets.countExamples(dataset.version, { split: 'final' });
  if (finals === 0 && dataset.split === null) return;
  await store.datasets.useFinal(
    { dataset: dataset.name, version: dataset.version },
    {
      purpose: `promote ${pipeline}`,
      usedBy: startedBy,
      planIds: variants.map(({ planId }) => planId),
      evaluationId,
    },
  );
}

const stepChanged = (steps: readonly string[]): SluiceError =>
  new SluiceError('step_changed', {
    message: `${steps.join(', ')}: the code is not what values of this version are from`,
    remedy: 'raise the version of what now does something else; where the change is of no matter: --fresh',
    data: { steps },
  });

type EndInput = Parameters<EvaluateActivities['endEvaluation']>[0];

const REASONS = {
  done: 'not evaluated',
  stopped: 'the budget was used up before',
  cancelled: 'the evaluation was cancelled before',
  failed: 'the evaluation failed before',
} as const;

/** Ends an evaluation: writes the missing rows and the final state. */
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

/** An evaluation with missing rows is partial. */
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

/** Small enough that progress shows and a killed worker costs little; large enough that 100,000 examples make no long history. */
const MOST_EXAMPLES = 10;
const CHUNKS_OF_A_SMALL_ONE = 100;

export interface Chunk {
  /** Place of its first example among those of the evaluation, which are in the order of their ids. */
  readonly from: number;
  readonly examples: number;
}

/** How an evaluation is cut: ranges of examples, each with all variants, so that what they share is shared in one process. */
export function chunksOf({ dataset: { examples } }: Pick<EvaluationSpec, 'dataset'>): readonly Chunk[] {
  const size = Math.min(MOST_EXAMPLES, Math.ceil(examples / CHUNKS_OF_A_SMALL_ONE));
  return Array.from({ length: Math.ceil(examples / size) }, (_, n) => ({
    from: n * size,
    examples: Math.min(size, examples - n * size),
  }));
}

/** What there is of a chunk's examples. */
async function examplesOf(
  { datasets }: Pick<Store, 'datasets'>,
  spec: Pick<EvaluationSpec, 'dataset'>,
  chunk: number,
): Promise<readonly Example[]> {
  const { dataset } = spec;
  const { from, examples } = chunksOf(spec)[chunk]!;
  return datasets.examples(dataset.version, {
    split: dataset.split ?? undefined,
    tag: dataset.tag ?? undefined,
    offset: from,
    limit: examples,
  });
}

/**
 * All of a chunk's examples.
 *
 * @throws SluiceError `dataset_incomplete` where some are not there any more: an evaluation of less would look as if it was whole
 */
export async function wholeChunk(
  store: Pick<Store, 'datasets'>,
  spec: Pick<EvaluationSpec, 'dataset'>,
  chunk: number,
): Promise<readonly Example[]> {
  const examples = await examplesOf(store, spec, chunk);
  if (examples.length === chunksOf(spec)[chunk]!.examples) return examples;
  throw incomplete(spec);
}

function incomplete({ dataset: { name, version, examples } }: Pick<EvaluationSpec, 'dataset'>): SluiceError {
  return new SluiceError('dataset_incomplete', {
    message: `of version ${shortId(version)} of '${name}', the database has not all of the ${examples} examples to evaluate`,
    remedy: 'import them again, as the same examples are the same version; then go on: sluice eval resume',
    data: { dataset: name, version },
  });
}
