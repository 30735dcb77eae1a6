/**
 * Scores sampled live runs in the background, for as long as their experiment lasts: each from its record, by the same
 * machinery as evaluations have. A run that failed by its own fault counts as the scorer's worst; where the scorer could not
 * be asked, the task is tried again, and in the end the score is missing, which is never 0.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import type { MakeAttempt, Slots } from '../evaluation/attempts.ts';
import { scoreRun } from '../evaluation/chunk/score-run.ts';
import { observedRefs } from '../evaluation/chunk/scorer-input.ts';
import { isIn, type RunAssignment } from '../model/assign.ts';
import type { JsonObject } from '../model/dataset.ts';
import type { Cell, RunFacts, Score } from '../model/evaluation-result.ts';
import type { ScorerSpec } from '../model/evaluation-spec.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { Plan, RunOutcome } from '../plan/plan.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import type { NewScoreTask, ScoreTask, ScoreTaskEnd } from '../store/score-tasks.ts';
import type { Store } from '../store/store.ts';
import { createAttemptHost, type LoadedRun, loadRun, replay, servedRun } from './rerun/replay.ts';
import { outcomeSettings, outcomesOfScore } from './run-outcomes.ts';

export interface ScoreRunsOptions {
  readonly store: Store;
  readonly attempt: MakeAttempt;
  /** Of the process. */
  readonly slots: Slots;
  /** A plan never changes, so it is read once. @throws SluiceError `plan_unknown` */
  readonly planOf: (planId: string) => Promise<Plan>;
  /** Between two looks for tasks where there was none; default 1 s. */
  readonly pollMs?: number;
  /** How long a claim on a task lasts, also after a failure that may pass; default 1 minute. */
  readonly leaseMs?: number;
}

const POLL_MS = 1_000;
const LEASE_MS = 60_000;
/** Tasks at a time: as many as a worker's slots have use for. */
const MOST_TASKS = 20;
const MOST_TRIES = 3;
/** Reasons are what a call failed with, or words. */
const IS_CODE = /^\w+$/;

/** Scores runs until the signal aborts, or the experiment has ended and nothing is left. */
export type ScoreExperiment = (experimentId: string, signal: AbortSignal) => Promise<{ readonly scored: number }>;

export function createScoreExperiment(options: ScoreRunsOptions): ScoreExperiment {
  const { store, pollMs = POLL_MS, leaseMs = LEASE_MS } = options;
  return async (experimentId, signal) => {
    const row = await store.experiments.get(experimentId);
    let scored = 0;
    while (!signal.aborted) {
      const tasks = await store.scoreTasks.claim(experimentId, MOST_TASKS, leaseMs);
      const ended = await Promise.all(tasks.map((task) => scoreTask(options, row, task, signal)));
      const ends = ended.filter((end) => end !== undefined);
      if (ends.length > 0) {
        // Outcomes first: a task that is done is not looked at again.
        const outcomes = ends.flatMap((each) => each.outcomes);
        await store.outcomes.put(outcomes, new Map([[experimentId, outcomeSettings(row)]]));
        await store.scoreTasks.finish(ends.map(({ end }) => end));
      }
      scored += ends.filter(({ end }) => end.state === 'done').length;
      if (tasks.length === 0) await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
    return { scored };
  };
}

interface EndedTask {
  readonly end: ScoreTaskEnd;
  readonly outcomes: readonly NewOutcome[];
}

/** Undefined: it is to be tried again, once its claim has run out. */
async function scoreTask(
  options: ScoreRunsOptions,
  row: ExperimentRow,
  task: ScoreTask,
  signal: AbortSignal,
): Promise<EndedTask | undefined> {
  const { experimentId, runId, scorer } = task;
  const ended = (end: Pick<ScoreTaskEnd, 'state' | 'scores' | 'error'>, outcomes: readonly NewOutcome[] = []) => ({
    end: { experimentId, runId, scorer, ...end },
    outcomes,
  });
  const failed = (code: string, message: string) => ended({ state: 'failed', error: { code, message } });
  try {
    const made = await scoreOf(options, row, task, signal);
    if (made.cell.state === 'missing') {
      if (made.cell.resumable && task.tries < MOST_TRIES) return undefined;
      const { reason } = made.cell;
      return failed(IS_CODE.test(reason) ? reason : 'score_missing', reason);
    }
    return ended({ state: 'done', scores: made.score }, made.outcomes);
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof SluiceError && !error.code.startsWith('database_')) return failed(error.code, error.message);
    throw error;
  }
}

interface Made {
  readonly cell: Cell;
  readonly score: Score;
  readonly outcomes: readonly NewOutcome[];
}

async function scoreOf(
  { store, attempt, slots, planOf }: ScoreRunsOptions,
  { experimentId, spec }: ExperimentRow,
  { runId, scorer: scorerId }: ScoreTask,
  signal: AbortSignal,
): Promise<Made> {
  const online = spec.scorers.find((each) => each.spec.id === scorerId);
  if (online === undefined) throw unknownScorer(experimentId, scorerId);
  const scorer = online.spec;
  const loaded = await loadRun(store, planOf, runId);
  const { run } = loaded;
  const assignment = run.assignments?.find(({ experiment }) => experiment === experimentId);
  if (assignment === undefined) throw notInExperiment(experimentId, runId);
  const { cell, facts } = await scoreServed({ attempt, slots, scorer, paidBy: experimentId, signal }, loaded);
  const score = scoreIn(cell, scorer);
  const scored = { scorer: scorerId, runId, score, facts, finishedAt: run.finishedAt! };
  return { cell, score, outcomes: cell.state === 'missing' ? [] : outcomesOfScore(spec, assignment, scored) };
}

const unknownScorer = (experimentId: string, scorer: string): SluiceError =>
  new SluiceError('scorer_unknown', {
    message: `${experimentId} has no scorer '${scorer}'`,
    remedy: 'tasks are made by the scorers of the experiment: this one is of another',
  });

const notInExperiment = (experimentId: string, runId: string): SluiceError =>
  new SluiceError('run_not_in_experiment', {
    message: `${runId} was not in ${experimentId}`,
    remedy: 'only runs that an experiment has given an arm are scored for it',
  });

/**
 * One scorer over one recorded run, as it was served: what experiments and monitors do with each run that they sample. A run
 * that failed by its own fault counts as the scorer's worst; where the scorer could not be asked, the score is missing.
 */
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
  const scored = await scoreRun({ scorer, example, execute: host.execute, signal }, served);
  // A run that could not be made will not be made by asking again.
  const cell = scored.state === 'missing' && served.outcome === 'missing' ? { ...scored, resumable: false } : scored;
  return { cell, facts: served.facts };
}

/** What counts; only of a cell that is not missing. */
export const scoreIn = (cell: Cell, { fields }: Pick<ScorerSpec, 'fields'>): Score =>
  cell.state === 'done'
    ? cell.score
    : Object.fromEntries(Object.entries(fields).map(([field, { worst }]) => [field, worst]));

/** Which scores of a recorded run are to be made: a part of the runs, found by hash, so that asking again asks for the same. */
export interface ScoredRun {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** In the experiment of the spec. */
  readonly assignment: RunAssignment;
}

/** One task per scorer that the run is sampled for. Runs that were cancelled, and units with an arm by name, are not. */
export function scoreTasksOf(
  { scorers }: Pick<ExperimentSpec, 'scorers'>,
  { runId, outcome, finishedAt, assignment }: ScoredRun,
): readonly NewScoreTask[] {
  const { experiment: experimentId, unit, isOverride } = assignment;
  if (isOverride || outcome === 'cancelled') return [];
  return scorers
    .filter(({ spec, sample }) => isIn(`${experimentId}.score.${spec.id}`, runId, [0, sample]))
    .map(({ spec }) => ({ experimentId, runId, scorer: spec.id, unit, finishedAt }));
}
