/**
 * One scorer over one recorded run, as it was served: what experiments and monitors do with each run that they sample. A run
 * that failed by its own fault counts as the scorer's worst; where the scorer could not be asked, the score is missing.
 */
import type { MakeAttempt, Slots } from '../evaluation/attempts.ts';
import { scoreRun } from '../evaluation/chunk/score-run.ts';
import { observedRefs } from '../evaluation/chunk/scorer-input.ts';
import type { JsonObject } from '../model/dataset.ts';
import type { Cell, RunFacts, Score } from '../model/evaluation-result.ts';
import type { ScorerSpec } from '../model/evaluation-spec.ts';
import { createAttemptHost } from './rerun/attempt-host.ts';
import { replay } from './rerun/replay.ts';
import { type LoadedRun, servedRun } from './rerun/served-run.ts';

export interface ServedScorer {
  readonly attempt: MakeAttempt;
  /** Of the process. */
  readonly slots: Slots;
  readonly scorer: ScorerSpec;
  /** What the calls are paid by. */
  readonly paidBy: string;
  readonly signal: AbortSignal;
}

export interface ServedScore {
  readonly cell: Cell;
  readonly facts: RunFacts;
}

/** @throws the signal's reason when it aborts; SluiceError of a run whose outputs are not there */
export async function scoreServed(
  { attempt, slots, scorer, paidBy, signal }: ServedScorer,
  { run, record }: LoadedRun,
): Promise<ServedScore> {
  const refs = observedRefs([scorer]);
  const replayed = await replay(
    record,
    refs.map(($from) => ({ $from })),
  );
  const served = servedRun(run, replayed, refs);
  const host = createAttemptHost({ attempt, slots, paidBy, mark: [run.runId, scorer.id] });
  const example = { id: run.runId, input: run.input as JsonObject };
  const told = await scoreRun({ scorer, example, execute: host.execute, signal }, served);
  // A run that could not be made will not be made by asking again.
  const cell = told.state === 'missing' && served.outcome === 'missing' ? { ...told, resumable: false } : told;
  return { cell, facts: served.facts };
}

/** What counts; only of a cell that is not missing. */
export const scoreIn = (cell: Cell, { fields }: Pick<ScorerSpec, 'fields'>): Score =>
  cell.state === 'done'
    ? cell.score
    : Object.fromEntries(Object.entries(fields).map(([field, { worst }]) => [field, worst]));
