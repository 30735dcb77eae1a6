/**
 * A chunk's work: each of its examples with every variant and repeat, all begun at once, since it is the calls that are
 * limited and not the walks. An example's rows are handed over together, once all its cells are there.
 */

import type { Example } from '../../model/dataset.ts';
import type { Cell, ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationSpec } from '../../model/evaluation-spec.ts';
import type { Plan } from '../../plan/plan.ts';
import { type PlayedRun, playRun, type RunHost } from './play-run.ts';
import { scorePair } from './score-pair.ts';
import { type Scoring, scoreRun } from './score-run.ts';
import { observedRefs } from './scorer-input.ts';
import type { RowPlace } from './settled.ts';

export interface ChunkWork extends RunHost {
  readonly spec: EvaluationSpec;
  /** By the variant's place in the spec; whole, no skeletons. */
  readonly plans: readonly Plan[];
  readonly signal: AbortSignal;
  /** What is settled is not made again; a baseline is all the same where a pair needs it. */
  readonly isSettled: (place: RowPlace) => boolean;
  /** Takes the rows of an example that is done. */
  readonly onRows: (rows: readonly ResultRow[]) => Promise<void>;
}

/** @throws what `onRows` throws, and the signal's reason when it aborts; everything else becomes a cell */
export async function evaluateExamples(work: ChunkWork, examples: readonly Example[]): Promise<void> {
  const observe = observedRefs(work.spec.scorers);
  const evaluateOne = async (example: Example) => {
    const repeats = Array.from({ length: work.spec.repeats }, (_, n) => n + 1);
    const rows = await allEnded(repeats.map((repeat) => evaluateRepeat(work, { example, repeat, observe })));
    await work.onRows(rows.flat());
  };
  await allEnded(examples.map(evaluateOne));
}

/** Waits for all, whatever becomes of them: nothing goes on behind the back of whoever is told of the first failure. */
async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

interface Repeat {
  readonly example: Example;
  readonly repeat: number;
  readonly observe: ReturnType<typeof observedRefs>;
}

async function evaluateRepeat(work: ChunkWork, asked: Repeat): Promise<ResultRow[]> {
  const { spec, plans, signal } = work;
  const { example, repeat, observe } = asked;
  const open = new Set(
    [...plans.keys()].filter((variant) => !work.isSettled({ exampleId: example.id, variant, repeat })),
  );
  const isPaired = spec.scorers.some(({ kind }) => kind === 'pair') && [...open].some((variant) => variant > 0);
  const begun = plans.map((plan, variant) =>
    open.has(variant) || (variant === 0 && isPaired)
      ? playRun(work, { plan, input: example.input, slot: slotOf(spec, variant, repeat), observe, signal })
      : undefined,
  );
  const rows = [...open].map((variant) => rowOf(work, asked, { variant, begun }));
  const [made] = await allEnded<unknown>([allEnded(rows), ...begun.flatMap((run) => run ?? [])]);
  return made as ResultRow[];
}

interface Begun {
  readonly variant: number;
  /** By variant; undefined where it was not wanted. */
  readonly begun: readonly (Promise<PlayedRun> | undefined)[];
}

async function rowOf(work: ChunkWork, { example, repeat }: Repeat, { variant, begun }: Begun): Promise<ResultRow> {
  const run = await begun[variant]!;
  const cells = await cellsOf(work, { example, run, baseline: variant === 0 ? undefined : begun[0] });
  const { outcome, error, output, facts, walk } = run;
  const calls = walk.calls.map(({ runId: _, callKey: _key, ...call }) => call);
  return { exampleId: example.id, variant, repeat, outcome, error, output: output ?? null, run: facts, cells, calls };
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
  return Object.fromEntries(await allEnded(cells));
}

/** A baseline is no better than itself. */
const ITSELF: Cell = Object.freeze({
  state: 'done',
  score: Object.freeze({ win: 0.5, flipped: 0 }),
  subject: '',
  detail: Object.freeze({ reason: 'the baseline against itself' }),
});
