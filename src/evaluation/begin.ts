/**
 * The beginning of an evaluation, before a call is made: whatever is against it is said here. What it will hold to is fixed
 * (code and snapshots), what was declared beforehand is compared with what is locked, and the final split is claimed. It may
 * be done again: what was fixed the first time stays.
 */

import { SluiceError } from '../base/errors.ts';
import type { BegunEvaluation } from '../model/evaluate-messages.ts';
import type { EvaluationPins } from '../model/evaluation-spec.ts';
import { dryRunMissing, openWrites } from '../plan/open-writes.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { chunksOf, incomplete } from './chunk/chunks.ts';
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
  // Whoever has paused it, or ended it while this was slow, knows better.
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
