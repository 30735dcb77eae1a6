/**
 * A chunk's work: each of its examples with every variant and repeat, all begun at once, since it is the calls that are
 * limited and not the walks. An example's rows are handed over together, once all its cells are there.
 */
import type { Plan } from '../../plan/plan.ts';
import type { Example } from '../dataset.ts';
import type { Cell, ResultRow } from '../result.ts';
import type { EvaluationSpec } from '../spec.ts';
import { type PlayedRun, playRun, type RunHost } from './play-run.ts';
import { scorePair } from './score-pair.ts';
import { type Scoring, scoreRun } from './score-run.ts';
import { observedRefs } from './scorer-input.ts';

export interface ChunkWork extends RunHost {
  readonly spec: EvaluationSpec;
  /** By the variant's place in the spec; whole, no skeletons. */
  readonly plans: readonly Plan[];
  readonly signal: AbortSignal;
  /** Takes the rows of an example that is done. */
  readonly onRows: (rows: readonly ResultRow[]) => Promise<void>;
}

/** @throws what `onRows` throws, and the signal's reason when it aborts; everything else becomes a cell */
export async function evaluateExamples(work: ChunkWork, examples: readonly Example[]): Promise<void> {
  const observe = observedRefs(work.spec.scorers);
  const evaluateOne = async (example: Example) => {
    const repeats = Array.from({ length: work.spec.repeats }, (_, n) => n + 1);
    const rows = await Promise.all(repeats.map((repeat) => evaluateRepeat(work, { example, repeat, observe })));
    await work.onRows(rows.flat());
  };
  const outcomes = await Promise.allSettled(examples.map(evaluateOne));
  // All have ended: nothing goes on behind the back of whoever is told of the first failure.
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

interface Repeat {
  readonly example: Example;
  readonly repeat: number;
  readonly observe: ReturnType<typeof observedRefs>;
}

async function evaluateRepeat(work: ChunkWork, { example, repeat, observe }: Repeat): Promise<ResultRow[]> {
  const { spec, plans, signal } = work;
  const begun = plans.map((plan, variant) =>
    playRun(work, { plan, input: example.input, slot: slotOf(spec, variant, repeat), observe, signal }),
  );
  begun.forEach((run) => void run.catch(() => undefined)); // told below, by the row that needs it
  return Promise.all(
    begun.map(async (running, variant): Promise<ResultRow> => {
      const run = await running;
      const cells = await cellsOf(work, { example, run, baseline: variant === 0 ? undefined : begun[0] });
      const { outcome, error, output, facts, walk } = run;
      const calls = walk.calls.map(({ runId: _, callKey: _key, ...call }) => call);
      return {
        exampleId: example.id,
        variant,
        repeat,
        outcome,
        error,
        output: output ?? null,
        run: facts,
        cells,
        calls,
      };
    }),
  );
}

/** The sides of an A/A make their calls anew: what they then differ in comes of nothing. */
const slotOf = ({ mode }: EvaluationSpec, variant: number, repeat: number): string =>
  mode === 'aa' && variant > 0 ? `aa${variant}/${repeat}` : `${repeat}`;

interface Scored {
  readonly example: Example;
  readonly run: PlayedRun;
  /** Absent for the baseline itself. */
  readonly baseline: Promise<PlayedRun> | undefined;
}

async function cellsOf({ spec, signal }: ChunkWork, { example, run, baseline }: Scored) {
  const cells = spec.scorers.map(async (scorer): Promise<[string, Cell]> => {
    const scoring: Scoring = { scorer, example, execute: run.walk.execute, signal };
    if (scorer.kind !== 'pair') return [scorer.id, await scoreRun(scoring, run)];
    return [scorer.id, baseline ? await scorePair(scoring, await baseline, run) : ITSELF];
  });
  return Object.fromEntries(await Promise.all(cells));
}

/** A baseline is no better than itself. */
const ITSELF: Cell = Object.freeze({
  state: 'done',
  score: Object.freeze({ win: 0.5, flipped: 0 }),
  subject: '',
  detail: Object.freeze({ reason: 'the baseline against itself' }),
});
