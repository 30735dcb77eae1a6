/**
 * What a recorded run says of its unit: one outcome per metric of each experiment that it was in. What the run does not say
 * gives no outcome, and so is missing; it is never taken for 0.
 */
import type { RunAssignment } from '../model/assign.ts';
import type { RunFacts, Score } from '../model/evaluation-result.ts';
import {
  type ExperimentSpec,
  type FeedbackField,
  type OnlineMetric,
  type OnlineSource,
  VALUE_SCALE,
} from '../model/experiment-spec.ts';
import type { Json, Plan, RunOutcome, Wiring } from '../plan/plan.ts';
import { CallFailure, walk } from '../plan/walk.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { NewFeedback } from '../store/feedback.ts';
import type { NewOutcome, OutcomeSettings } from '../store/outcomes.ts';
import { isOfOutput, readWiring } from './serve.ts';

export interface RecordedFacts {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** From the run's beginning to its end; null where its end is not known. */
  readonly latencyMs: number | null;
  /** Null where a call's cost is not known. */
  readonly costUsd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly finishedAt: number;
}

/** What a wiring over the finished run comes to; undefined where it comes to nothing. */
export type ReadValue = (source: OnlineSource & { readonly from: 'value' }) => Json | undefined;

/** Values beyond this are cut to it: sums of millionths have to stay whole numbers. */
const MOST = 1e9;

/** @param assignment of this run, in the experiment of `spec` */
export function outcomesOfRun(
  spec: ExperimentSpec,
  assignment: RunAssignment,
  facts: RecordedFacts,
  read: ReadValue,
): readonly NewOutcome[] {
  const { experiment, unit, armIndex } = assignment;
  const { runId, finishedAt } = facts;
  return spec.metrics.flatMap((metric, index) => {
    const value = outcomeOf(metric, facts, read);
    if (value === undefined) return [];
    return {
      ...{ experiment, unit, arm: armIndex, metric: index, runId, deliveryId: `run:${index}`, at: finishedAt },
      ...value,
    };
  });
}

type Scaled = Pick<NewOutcome, 'v' | 'd'>;

function outcomeOf(metric: OnlineMetric, facts: RecordedFacts, read: ReadValue): Scaled | undefined {
  const { source, denominator } = metric;
  const numerator = readSource(metric, source, facts, read);
  if (numerator === undefined) return undefined;
  if (denominator === null) return scaledValue(metric, numerator);
  const below = readSource(metric, denominator, facts, read);
  return below === undefined ? undefined : { v: scale(numerator), d: scale(below) };
}

/** One outcome of a metric, in millionths: of a share whether it is above, else the number itself. */
function scaledValue({ kind, above }: OnlineMetric, value: number): Scaled {
  if (kind === 'share') return { v: value > above! ? VALUE_SCALE : 0 };
  return { v: scale(value) };
}

const scale = (value: number): number => Math.round(Math.max(-MOST, Math.min(MOST, value)) * VALUE_SCALE);

function readSource(
  metric: OnlineMetric,
  source: OnlineSource,
  facts: RecordedFacts,
  read: ReadValue,
): number | undefined {
  if (source.from === 'run') return factOf(source.field, facts);
  if (source.from !== 'value') return undefined; // scores and feedback come by themselves, later
  const value = read(source);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean') return Number(value);
  // A run that failed has no output to be true: else a variant would gain by failing where it would be wrong.
  return metric.kind === 'rate' && facts.outcome === 'failed' ? Number(metric.better === 'lower') : undefined;
}

type RunField = (OnlineSource & { readonly from: 'run' })['field'];

/** A run that was cancelled took as long as somebody let it: that is no latency. */
function factOf(field: RunField, facts: RecordedFacts): number | undefined {
  const { outcome, latencyMs, costUsd, inputTokens, outputTokens } = facts;
  if (field === 'failed' || field === 'degraded') return Number(outcome === field);
  if (outcome === 'cancelled') return undefined;
  switch (field) {
    case 'latencyMs':
      return latencyMs ?? undefined;
    case 'costUsd':
      return costUsd ?? undefined;
    case 'inputTokens':
      return inputTokens;
    case 'outputTokens':
      return outputTokens;
    default:
      return field satisfies never;
  }
}

/** What people said of a run's answer, as outcomes of the experiments that the run was in. */
type Said = Pick<NewFeedback, 'feedbackId' | 'runId' | 'thumb' | 'score' | 'at'>;

export function outcomesOfFeedback(
  spec: ExperimentSpec,
  { experiment, unit, armIndex }: RunAssignment,
  said: Said,
): readonly NewOutcome[] {
  return spec.metrics.flatMap((metric, index) => {
    const value = readFeedback(metric.source, said);
    if (value === undefined) return [];
    const below = metric.denominator && readFeedback(metric.denominator, said);
    if (below === undefined) return [];
    return {
      ...{ experiment, unit, arm: armIndex, metric: index, runId: said.runId, at: said.at },
      deliveryId: `feedback:${said.feedbackId}`,
      ...scaledValue(metric, value),
      ...(below !== null && { d: Math.round(below * VALUE_SCALE) }),
    };
  });
}

function readFeedback(source: OnlineSource, said: Said): number | undefined {
  return source.from === 'feedback' ? fieldOf(source.field, said) : undefined;
}

/**
 * Somebody who says nothing of it has not said no: a note without a thumb is neither up nor down. Nor does it take back that
 * there was one: of a run the latest counts, and a note is most often written after the thumb.
 */
function fieldOf(field: FeedbackField, { thumb, score }: Said): number | undefined {
  switch (field) {
    case 'thumb':
      return thumb ?? undefined;
    case 'up':
      return thumb === null ? undefined : Number(thumb === 1);
    case 'down':
      return thumb === null ? undefined : Number(thumb === -1);
    case 'score':
      return score ?? undefined;
    case 'rated':
      return thumb === null && score === null ? undefined : 1;
    default:
      return field satisfies never;
  }
}

/** What a score says of its run's unit: an outcome per metric that is of it. */
export interface ScoredOutcome {
  readonly scorer: string;
  readonly runId: string;
  readonly score: Score;
  readonly facts: RunFacts;
  /** When the run ended: what it gave happened then, whenever it is scored. */
  readonly finishedAt: number;
}

/** @param assignment of this run, in the experiment of `spec` */
export function outcomesOfScore(
  { metrics }: Pick<ExperimentSpec, 'metrics'>,
  { experiment, unit, armIndex }: RunAssignment,
  scored: ScoredOutcome,
): readonly NewOutcome[] {
  const { scorer, runId, finishedAt: at } = scored;
  return metrics.flatMap((metric, index) => {
    const value = scoredValue(metric, scored);
    if (value === undefined) return [];
    return {
      experiment,
      unit,
      arm: armIndex,
      metric: index,
      runId,
      deliveryId: `score:${scorer}:${runId}`,
      at,
      ...value,
    };
  });
}

function scoredValue(metric: OnlineMetric, scored: ScoredOutcome): Pick<NewOutcome, 'v' | 'd'> | undefined {
  const { source, denominator } = metric;
  // Metrics of the run alone were written when it was recorded.
  if (![source, denominator].some((each) => each?.from === 'score' && each.scorer === scored.scorer)) return undefined;
  const value = readScoreSource(source, scored);
  if (value === undefined) return undefined;
  if (denominator === null) return scaledValue(metric, value);
  const below = readScoreSource(denominator, scored);
  const plain = { ...metric, kind: 'mean' } as const;
  return below === undefined ? undefined : { v: scaledValue(plain, value).v, d: scaledValue(plain, below).v };
}

function readScoreSource(source: OnlineSource, { scorer, score, facts }: ScoredOutcome): number | undefined {
  if (source.from === 'score') return source.scorer === scorer ? score[source.field] : undefined;
  if (source.from !== 'run') return undefined;
  const fact = facts[source.field];
  return fact === null ? undefined : Number(fact);
}

/** What the store has to know of an experiment to sum up outcomes. */
export function outcomeSettings({ spec, startedAt }: Pick<ExperimentRow, 'spec' | 'startedAt'>): OutcomeSettings {
  const { metrics, breaker } = spec;
  const isOfFailures = ({ kind, source }: (typeof metrics)[number]) =>
    kind === 'rate' && source.from === 'run' && source.field === 'failed';
  return { metrics, failed: metrics.findIndex(isOfFailures), breakerWindowMs: breaker.windowMs, startedAt };
}

/**
 * Reads wiring over a run that is over: of its output as it was, and of its nodes by walking the plan again with what they
 * gave. Nothing is called, and a ref into a loop or a map means what it means in the pipeline.
 */
export interface OverRun {
  readonly plan: Plan;
  readonly input: Json;
  /** Null where there is none. */
  readonly output: Json;
  /** By node run. */
  readonly outputs: ReadonlyMap<string, Json>;
}

/** What each wiring comes to, in their order; undefined where it comes to nothing. */
export async function observeRun(run: OverRun, wirings: readonly Wiring[]): Promise<readonly (Json | undefined)[]> {
  const ofNodes = wirings.filter((wiring) => !isOfOutput(wiring));
  const seen = ofNodes.length === 0 ? [] : await observeNodes(run, ofNodes);
  return wirings.map((wiring) => (isOfOutput(wiring) ? inOutput(run.output, wiring) : seen[ofNodes.indexOf(wiring)]));
}

const inOutput = (output: Json, wiring: Wiring): Json | undefined =>
  output === null ? undefined : readWiring(wiring, output);

async function observeNodes({ plan, input, outputs }: OverRun, observe: readonly Wiring[]) {
  const recorded = async (key: string): Promise<Json> => {
    const output = outputs.get(key);
    if (output === undefined) throw new CallFailure('not_recorded', `'${key}' gave nothing`, { retryable: false });
    return output;
  };
  const { observed } = await walk(plan, input, ({ key }) => recorded(key), { observe }).finished;
  return observed!.map((found) => ('value' in found ? found.value : undefined));
}
