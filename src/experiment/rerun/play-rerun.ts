/** One recorded run, again under a variant, and both sides scored: what a backtest and a shadow do with each of their runs. */

import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../base/errors.ts';
import type { MakeAttempt, Slots } from '../../evaluation/attempts.ts';
import { type EndedRun, endOf, isFromOutside, madeDo } from '../../evaluation/chunk/play-run.ts';
import { type Scoring, scorePair, scoreRun, subjectOf } from '../../evaluation/chunk/score-run.ts';
import { observedRefs, scorerInput } from '../../evaluation/chunk/scorer-input.ts';
import { runFacts, runLatency } from '../../evaluation/run-facts.ts';
import type { Example, JsonObject } from '../../model/dataset.ts';
import { type Cell, NO_FACTS, type RunFacts } from '../../model/evaluation-result.ts';
import type { ScorerSpec } from '../../model/evaluation-spec.ts';
import type { RerunError, RerunResult, RerunSide, RerunSpec, RerunTurn } from '../../model/rerun-spec.ts';
import { applyEdits } from '../../plan/compose.ts';
import { isSameJson, planId } from '../../plan/id.ts';
import { dryRunMissing, openWrites, type WriteOf } from '../../plan/open-writes.ts';
import type { Json, Plan } from '../../plan/plan.ts';
import { EVALUATION_BUDGET, type Execute } from '../../plan/walk.ts';
import type { Redaction } from '../../redaction/redaction.ts';
import type { PaidBy } from '../../store/memo.ts';
import type { RerunRow } from '../../store/reruns.ts';
import type { Spending } from '../../store/spending.ts';
import type { Store } from '../../store/store.ts';
import { type AttemptHost, createAttemptHost, factsOfRun, type LoadedRun, loadRun, servedRun } from './replay.ts';
import { downstreamOf, type Rerun, rerun, unrecordedWrites } from './rerun.ts';

export interface RerunWorker {
  readonly store: Pick<Store, 'runs' | 'reruns'>;
  readonly attempt: MakeAttempt;
  /** Of the process. */
  readonly slots: Slots;
  /** Of the steps here that write. */
  readonly writeOf: WriteOf;
  /** A plan never changes, so it is read once. @throws SluiceError `plan_unknown` */
  readonly planOf: (planId: string) => Promise<Plan>;
  /** What a call has cost. */
  readonly spend: (call: PaidBy) => Promise<Spending>;
  /** Of what a run was asked before there were rules, its answer again may hold some. Default: off. */
  readonly redaction?: Redaction;
}

export interface PlayedRerun {
  readonly result: RerunResult;
  /** There is no money left: the run still waits. */
  readonly isOutOfBudget: boolean;
}

/** @throws the signal's reason when it aborts, and what the store throws; everything else is in the result */
async function playRerun(worker: RerunWorker, row: RerunRow, runId: string, signal: AbortSignal): Promise<PlayedRerun> {
  try {
    const loaded = await loadRun(worker.store, worker.planOf, runId);
    const why = whyNot(loaded);
    if (why) return { result: skipped(runId, why), isOutOfBudget: false };
    const composed = variantOf(row.spec, loaded.record.plan);
    const open = unrecordedWrites(composed.plan, row.spec, loaded.record, openWrites(composed.plan, worker.writeOf));
    if (open.length > 0)
      return { result: skipped(runId, dryRunMissing(`${runId}, run again,`, open)), isOutOfBudget: false };
    return await play(worker, row, { ...loaded, ...composed }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SluiceError) || /^database_/.test(error.code)) throw error;
    return { result: skipped(runId, error), isOutOfBudget: false };
  }
}

/** Why a run is none that could be repeated, and compared. */
function whyNot({ run: { runId, state, error, nodes, contentRemovedAt } }: LoadedRun): RerunError | undefined {
  if (contentRemovedAt !== null)
    return { code: 'content_removed', message: `what ${runId} was asked and gave is removed` };
  if (state === 'running') return { code: 'run_running', message: `${runId} has not ended` };
  if (state === 'cancelled') return { code: 'run_cancelled', message: `${runId} was cancelled: it has no answer` };
  const code = codeOf(error);
  if (state === 'failed' && code !== undefined && isFromOutside(code))
    return { code: 'run_from_outside', message: `${runId} failed by what was not its own fault: ${code}` };
  const helped = nodes.find((node) => {
    const code = codeOf(node.error);
    return code !== undefined && madeDo({ outcome: node.outcome, error: { code } });
  });
  if (helped === undefined) return undefined;
  return { code: 'run_made_do', message: `${runId} made do without '${helped.key}': ${codeOf(helped.error)}` };
}

const codeOf = (error: Json): string | undefined => (error as { readonly code?: string } | null)?.code;

interface Composed {
  readonly plan: Plan;
  readonly fresh: ReadonlySet<string>;
}

/** @throws SluiceError `plan_same` where the run was served what it is to be compared with, `node_unknown`; those of `applyEdits` */
function variantOf({ edits, from, variant }: RerunSpec, recorded: Plan): Composed {
  const plan = applyEdits(recorded, edits);
  if (from === null && planId(plan) === planId(recorded))
    throw new SluiceError('plan_same', {
      message: `it was served what '${variant}' would be`,
      remedy: 'take runs of another plan, or run it again from a node: --from NODE',
    });
  return {
    plan,
    fresh: new Set([...edits.map(({ node }) => node), ...(from === null ? [] : downstreamOf(plan, from))]),
  };
}

async function play(
  worker: RerunWorker,
  { rerunId, spec }: RerunRow,
  { run, record, plan, fresh }: LoadedRun & Composed,
  signal: AbortSignal,
): Promise<PlayedRerun> {
  const { runId } = run;
  const { attempt, slots } = worker;
  const hostOf = (side: string) => createAttemptHost({ attempt, slots, paidBy: rerunId, mark: [runId, side] });
  const host = hostOf('variant');
  const refs = observedRefs(spec.scorers);
  const observe = refs.map(($from) => ({ $from }));
  const made = await rerun({
    plan,
    record,
    fresh,
    writeOf: worker.writeOf,
    execute: host.execute,
    observe,
    cancel: signal,
  });
  signal.throwIfAborted();
  const now = endOf(made.result, made.output, refs);
  const served = servedRun(run, made.served, refs, await servedFacts(run, record, made));
  const variant: EndedRun = {
    ...now,
    facts: now.outcome === 'missing' ? NO_FACTS : await variantFacts(worker, { run, plan, made, host }),
  };
  const cells = await scoreSides({
    ...{ scorers: spec.scorers, example: { id: runId, input: run.input as JsonObject }, served, variant, signal },
    execute: { served: hostOf('score:served').execute, variant: hostOf('score:variant').execute },
  });
  const isOutOfBudget = [now.error?.code, ...reasonsIn(cells)].includes(EVALUATION_BUDGET);
  const isMissing = now.outcome === 'missing';
  return {
    result: {
      ...{ runId, state: isMissing ? 'failed' : 'done', calls: made.calls },
      isChanged: isMissing ? null : !isSameJson(served.output ?? null, variant.output ?? null),
      served: sideOf({ ...served, output: undefined }, cells.served),
      variant: sideOf({ ...variant, output: redactedOf(worker, variant.output) }, cells.variant),
      error: isMissing && now.error ? { code: now.error.code, message: now.error.message } : null,
    },
    isOutOfBudget,
  };
}

const redactedOf = ({ redaction }: RerunWorker, output: Json | undefined): Json | undefined =>
  output === undefined ? undefined : (redaction?.json(output) ?? output);

const reasonsIn = ({ served, variant }: Awaited<ReturnType<typeof scoreSides>>) =>
  [...Object.values(served), ...Object.values(variant)].flatMap((cell) =>
    cell.state === 'missing' ? cell.reason : [],
  );

const sideOf = ({ outcome, error, output, facts }: EndedRun, cells: RerunSide['cells']): RerunSide => ({
  ...{ outcome, error, output: output ?? null, run: facts, cells },
});

const skipped = (runId: string, { code, message }: RerunError): RerunResult => ({
  ...{ runId, state: 'skipped', isChanged: null, served: null, variant: null, calls: { reused: 0, made: 0 } },
  error: { code, message },
});

/** Times of both sides are of the calls alone, as a run would take that waited for nothing else: else they could not be compared. */
async function servedFacts(
  run: LoadedRun['run'],
  { plan, input }: LoadedRun['record'],
  { served }: Rerun,
): Promise<RunFacts> {
  const { outputMs } = await runLatency(plan, input, served.recorded);
  return { ...factsOfRun(run), latencyMs: outputMs };
}

interface Made {
  readonly run: LoadedRun['run'];
  readonly plan: Plan;
  readonly made: Rerun;
  readonly host: AttemptHost;
}

async function variantFacts({ spend }: RerunWorker, { run, plan, made, host }: Made): Promise<RunFacts> {
  const { reused, result } = made;
  const keys = new Set([...reused.keys()].map((name) => name.slice(0, name.lastIndexOf(' '))));
  const [{ outputMs }, ...spent] = await Promise.all([
    runLatency(plan, run.input, new Map([...reused, ...host.recorded])),
    ...host.paid.map(spend),
  ]);
  const all = [...spent, ...[...keys].flatMap((key) => run.spent.byKey.get(key) ?? [])];
  return runFacts({ outcome: result.outcome, latencyMs: outputMs, spent: all });
}

/**
 * Makes the runs that wait, a few at a time, and stores what came of each as it is done: who is killed loses what was under
 * way. A turn has a time limit, so that its caller can report progress.
 */
export interface LaneOfRerun {
  readonly rerunId: string;
  readonly lane: number;
  readonly lanes: number;
}

export interface DrainTimes {
  /** No further runs are begun after this; default 1 minute. */
  readonly turnMs?: number;
  /** Between two looks for runs of a shadow; default 1 s. */
  readonly pollMs?: number;
}

const TURN_MS = 60_000;
const POLL_MS = 1_000;
/** Runs at a time, in each lane. */
const AT_ONCE = 10;

/** @throws SluiceError `rerun_unknown`, what the store throws; the signal's reason when it aborts */
export async function drain(
  worker: RerunWorker,
  { rerunId, lane, lanes }: LaneOfRerun,
  signal: AbortSignal,
  { turnMs = TURN_MS, pollMs = POLL_MS }: DrainTimes = {},
): Promise<RerunTurn> {
  const { reruns } = worker.store;
  const row = await reruns.get(rerunId);
  const until = performance.now() + turnMs;
  do {
    signal.throwIfAborted();
    const { state, runIds } = await reruns.queued(rerunId, { lane, lanes, limit: AT_ONCE });
    if (state !== 'running') return { isOver: true, isOutOfBudget: false };
    const played = await Promise.allSettled(runIds.map((runId) => playOne(worker, row, runId, signal)));
    for (const one of played) if (one.status === 'rejected') throw one.reason;
    if (played.some((one) => one.status === 'fulfilled' && one.value)) return { isOver: false, isOutOfBudget: true };
    if (runIds.length > 0) continue;
    if (row.kind === 'backtest') return { isOver: true, isOutOfBudget: false };
    await delay(pollMs, undefined, { signal });
  } while (performance.now() < until);
  return { isOver: false, isOutOfBudget: false };
}

/** Whether there is no money left; then the run still waits. */
async function playOne(worker: RerunWorker, row: RerunRow, runId: string, signal: AbortSignal): Promise<boolean> {
  const { result, isOutOfBudget } = await playRerun(worker, row, runId, signal);
  if (!isOutOfBudget) await worker.store.reruns.put(row.rerunId, [result]);
  return isOutOfBudget;
}

/**
 * The scores of both sides of a pair: of what was served, and of what the variant gives. Where a scorer would be asked the
 * same twice it is asked once, so that a judge in two minds makes no difference where there is none.
 */
export interface SidesToScore {
  readonly scorers: readonly ScorerSpec[];
  readonly example: Example;
  readonly served: EndedRun;
  readonly variant: EndedRun;
  /** Makes the scorers' calls, of either side. */
  readonly execute: { readonly served: Execute; readonly variant: Execute };
  readonly signal: AbortSignal;
}

export interface SideCells {
  readonly served: { readonly [scorer: string]: Cell };
  readonly variant: { readonly [scorer: string]: Cell };
}

/** @throws the signal's reason when it aborts */
async function scoreSides(sides: SidesToScore): Promise<SideCells> {
  const cells = await Promise.all(
    sides.scorers.map(
      async (scorer) => [scorer.id, await (scorer.kind === 'pair' ? ofPair : ofEach)(sides, scorer)] as const,
    ),
  );
  const pick = (side: 'served' | 'variant') => Object.fromEntries(cells.map(([id, pair]) => [id, pair[side]]));
  return { served: pick('served'), variant: pick('variant') };
}

type CellPair = { readonly [side in 'served' | 'variant']: Cell };

async function ofEach(sides: SidesToScore, scorer: ScorerSpec): Promise<CellPair> {
  const { example, served, variant, execute, signal } = sides;
  const scoring = (side: 'served' | 'variant'): Scoring => ({ scorer, example, execute: execute[side], signal });
  const [then, now] = [served, variant].map((run) => scorerInput(scorer.input, example, { run }));
  if ('value' in then! && 'value' in now! && isSameJson(then.value, now.value)) {
    const cell = await scoreRun(scoring('served'), served);
    return { served: cell, variant: cell };
  }
  const [ofServed, ofVariant] = await Promise.all([
    scoreRun(scoring('served'), served),
    scoreRun(scoring('variant'), variant),
  ]);
  return { served: ofServed, variant: ofVariant };
}

async function ofPair(sides: SidesToScore, scorer: ScorerSpec): Promise<CellPair> {
  const { example, served, variant, execute, signal } = sides;
  const inputOf = (first: EndedRun, second: EndedRun) => scorerInput(scorer.input, example, { first, second });
  const [forth, back] = [inputOf(served, variant), inputOf(variant, served)];
  if ('value' in forth && 'value' in back && isSameJson(forth.value, back.value)) {
    const alike = evenCell(subjectOf(forth.value), 'both are the same');
    return { served: alike, variant: alike };
  }
  const cell = await scorePair({ scorer, example, execute: execute.variant, signal }, served, variant);
  return { served: evenCell('', 'what was served, against itself'), variant: cell };
}

const evenCell = (subject: string, reason: string): Cell => ({
  state: 'done',
  score: { win: 0.5, flipped: 0 },
  ...{ subject, detail: { reason } },
});
