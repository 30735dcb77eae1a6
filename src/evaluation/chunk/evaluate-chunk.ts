/** One chunk of an evaluation, as a worker does it: over the memo of its process, storing what is done as it is done. */

import { z } from 'zod';
import type { Example, JsonObject } from '../../model/dataset.ts';
import { addTallies, type ChunkInput, type ChunkResult } from '../../model/evaluate-messages.ts';
import type { Cell, ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec } from '../../model/evaluation-spec.ts';
import type { Json, Plan } from '../../plan/plan.ts';
import { EVALUATION_BUDGET } from '../../plan/walk.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import type { MakeAttempt } from '../attempts.ts';
import { chunksOf, wholeChunk } from '../begin.ts';
import { metricValue } from '../compare/score-matrix.ts';
import type { EvaluationWorker } from '../evaluation-worker.ts';
import { createMemoHost, type StepIdentity } from '../memo-host.ts';
import { checkPinned, evaluationMoved, identityOf, pinnedConfig } from '../pins.ts';
import { type PlayedRun, playRun, type RunHost } from './play-run.ts';
import { type Scoring, scorePair, scoreRun } from './score-run.ts';
import { observedRefs } from './scorer-input.ts';

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

/** Redacts the example, as a client redacts a run's input before it is stored or given to a step. */
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

/**
 * A chunk's work: each of its examples with every variant and repeat, all begun at once, since it is the calls that are
 * limited and not the walks. An example's rows are handed over together, once all its cells are there.
 */
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
async function evaluateExamples(work: ChunkWork, examples: readonly Example[]): Promise<void> {
  const observe = observedRefs(work.spec.scorers);
  const evaluateOne = async (example: Example) => {
    const repeats = Array.from({ length: work.spec.repeats }, (_, n) => n + 1);
    const rows = await allEnded(repeats.map((repeat) => evaluateRepeat(work, { example, repeat, observe })));
    await work.onRows(rows.flat());
  };
  await allEnded(examples.map(evaluateOne));
}

/** Waits for all promises, then throws the first failure: nothing keeps running after it. */
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

export type RowPlace = Pick<ResultRow, 'exampleId' | 'variant' | 'repeat'>;

export interface Settled {
  readonly tally: ChunkResult;
  has(place: RowPlace): boolean;
  /** Whether all rows of the example are. */
  hasAll(exampleId: string): boolean;
}

/**
 * Rows of the chunk that a retry would not change. They are not made again. Only their numbers are kept, since outputs
 * may be large.
 */
async function readSettled(
  { evaluations }: Pick<Store, 'evaluations'>,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
  examples: readonly Example[],
): Promise<Settled> {
  const places = new Set<string>();
  const rowsOf = new Map<string, number>();
  let tally = tallyOf(spec, []);
  for await (const row of evaluations.eachResult(evaluationId, { exampleIds: examples.map(({ id }) => id) })) {
    if (!isSettled(row)) continue;
    places.add(keyOf(row));
    rowsOf.set(row.exampleId, (rowsOf.get(row.exampleId) ?? 0) + 1);
    tally = addTallies(tally, tallyOf(spec, [row]));
  }
  return Object.freeze({
    tally,
    has: (place: RowPlace) => places.has(keyOf(place)),
    hasAll: (exampleId: string) => rowsOf.get(exampleId) === spec.variants.length * spec.repeats,
  });
}

const isSettled = ({ cells }: ResultRow): boolean =>
  Object.values(cells).every((cell) => cell.state !== 'missing' || !cell.resumable);

const keyOf = ({ exampleId, variant, repeat }: RowPlace): string => `${variant}/${repeat}/${exampleId}`;

/** Counts and sums of rows, for the running table: what chunks report, and what adds up over them. */
function tallyOf(spec: EvaluationSpec, rows: readonly ResultRow[]): ChunkResult {
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const calls = rows.flatMap((row) => row.calls);
  const count = <T>(of: readonly T[], is: (each: T) => boolean) => of.filter(is).length;
  const made = count(calls, ({ source }) => source === 'made');
  return {
    rows: rows.length,
    cells: {
      done: count(cells, ({ state }) => state === 'done'),
      failed: count(cells, ({ state }) => state === 'failed'),
      missing: count(cells, ({ state }) => state === 'missing'),
    },
    calls: { made, shared: calls.length - made },
    sums: spec.metrics.map((metric) =>
      spec.variants.map((_, variant) => {
        const values = rows.flatMap((row) => {
          const value = row.variant === variant ? metricValue(metric, spec, row) : null;
          return value !== null && 'value' in value ? [value.value] : [];
        });
        return [values.length, values.reduce((sum, value) => sum + value, 0)] as const;
      }),
    ),
    isOutOfBudget: rows.some(isOutOfBudget),
  };
}

function isOutOfBudget({ error, cells }: ResultRow): boolean {
  if (error?.code === EVALUATION_BUDGET) return true;
  return Object.values(cells).some((cell) => cell.state === 'missing' && cell.reason === EVALUATION_BUDGET);
}

// An example's input as the pipeline reads it. Datasets keep what was written, so defaults of the input's schema are filled
// in here, as a client does for a run: else what is evaluated would not be what is served.

/** An input that does not fit the schema is given as it is: the steps say what they miss. */
function inputReader({ schemas }: Pick<Plan, 'schemas'>): (input: JsonObject) => JsonObject {
  // Without defaults there is nothing to fill in, and the schema need not be understood.
  if (!hasDefault(schemas.input)) return (input) => input;
  const schema = z.fromJSONSchema(schemas.input as Parameters<typeof z.fromJSONSchema>[0]);
  return (input) => {
    const { success, data } = schema.safeParse(input);
    return success ? (data as JsonObject) : input;
  };
}

function hasDefault(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if (Array.isArray(schema)) return schema.some(hasDefault);
  return Object.hasOwn(schema, 'default') || Object.values(schema).some(hasDefault);
}
