/** What crosses the line between the evaluate workflow and everything else. Types and names only. */
import type { FailureData } from './run-messages.ts';

export const EVALUATE_WORKFLOW = 'evaluate';
/**
 * Updates: no new chunk is begun until it is resumed; those under way end. They return whether it took effect: not once it
 * ends.
 */
export const PAUSE_UPDATE = 'pause';
export const RESUME_UPDATE = 'resume';
/** The query that says how far it is. */
export const EVALUATION_PROGRESS = 'progress';

export interface EvaluateInput {
  /** The workflow's id, too. The store knows the rest. */
  readonly evaluationId: string;
  /** Where its activities are called. */
  readonly queue: string;
  /** Chunks after which it goes on in a new history; default 500. */
  readonly chunksPerHistory?: number;
  /** Chunks asked for at once; default 20. */
  readonly chunksAtOnce?: number;
  /** Code that changed under an unchanged version is the step's own from now on. */
  readonly acceptChanged?: boolean;
  /** Where a history that was continued goes on; absent at the start. */
  readonly resumedAt?: EvaluateCarry;
}

export interface EvaluateCarry {
  readonly begun: BegunEvaluation;
  /** The first chunk that is not done. */
  readonly next: number;
  readonly tally: ChunkResult;
  readonly isPaused: boolean;
}

export interface BegunEvaluation {
  readonly chunks: number;
  /** Names, for the running table. */
  readonly variants: readonly string[];
  readonly metrics: readonly string[];
  /** Examples. */
  readonly examples: number;
}

export interface ChunkInput {
  readonly evaluationId: string;
  /** From 0. */
  readonly chunk: number;
  /** How many there were when it began: a worker that would cut otherwise has other examples in this one. */
  readonly of?: number;
}

/** Counts of rows, calls and cells, and sums for the running means. */
export interface ChunkResult {
  readonly rows: number;
  readonly cells: { readonly done: number; readonly failed: number; readonly missing: number };
  readonly calls: { readonly made: number; readonly shared: number };
  /** Per metric, per variant: how many values, and their sum. */
  readonly sums: readonly (readonly (readonly [n: number, sum: number])[])[];
  /** The evaluation's budget is used up: there is no sense in going on. */
  readonly isOutOfBudget: boolean;
}

export type EvaluationEnd = 'done' | 'stopped' | 'cancelled' | 'failed';

export interface EvaluateProgress extends ChunkResult {
  readonly phase: 'beginning' | 'running' | 'paused' | 'ending' | 'ended';
  readonly chunks: number;
  readonly chunksDone: number;
}

/** What the evaluate workflow asks of its workers. Each may be called again: after a crash, a timeout, a lost answer. */
export interface EvaluateActivities {
  /** Fixes digests and snapshots, locks the registration, claims the final split: what may refuse, before money is spent. */
  beginEvaluation(input: Pick<EvaluateInput, 'evaluationId' | 'acceptChanged'>): Promise<BegunEvaluation>;
  evaluateChunk(input: ChunkInput): Promise<ChunkResult>;
  /** Writes a row for each missing result, its cells missing with a reason, and the evaluation's last state. */
  endEvaluation(input: {
    readonly evaluationId: string;
    readonly how: EvaluationEnd;
    readonly error: FailureData | null;
  }): Promise<{ readonly state: string }>;
}

/** Sums of chunks' counts. */
export const emptyTally = (): ChunkResult => ({
  rows: 0,
  cells: { done: 0, failed: 0, missing: 0 },
  calls: { made: 0, shared: 0 },
  sums: [],
  isOutOfBudget: false,
});

export function addTallies(one: ChunkResult, other: ChunkResult): ChunkResult {
  return {
    rows: one.rows + other.rows,
    cells: {
      done: one.cells.done + other.cells.done,
      failed: one.cells.failed + other.cells.failed,
      missing: one.cells.missing + other.cells.missing,
    },
    calls: { made: one.calls.made + other.calls.made, shared: one.calls.shared + other.calls.shared },
    sums: other.sums.map((variants, metric) =>
      variants.map(([n, sum], variant) => {
        const [before, sumBefore] = one.sums[metric]?.[variant] ?? [0, 0];
        return [before + n, sumBefore + sum] as const;
      }),
    ),
    isOutOfBudget: one.isOutOfBudget || other.isOutOfBudget,
  };
}
