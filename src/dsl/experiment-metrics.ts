/**
 * The metrics of an experiment as data: each is a number per unit, from all that came of the unit in the metric's window.
 * Those are added that every experiment is watched by.
 */
import type { RunField } from '../model/evaluation-spec.ts';
import type { OnlineKind, OnlineMetric, OnlineSource } from '../model/experiment-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { absentOf, checkChosen, checkRead, checkTogether } from './experiment-metric-rules.ts';
import type { WindowsMs } from './experiment-settings.ts';
import {
  FEEDBACK,
  type FeedbackRefs,
  type OnlineParts,
  type OnlineRead,
  readOnline,
  sourceOf,
} from './experiment-source.ts';
import { readGoals } from './metric-goals.ts';
import { checkReach, FACT_FIELDS } from './metric-source.ts';
import { type IsListed, scoreRefs } from './metric-specs.ts';
import { type Ref, refTo } from './ref.ts';
import { refuse } from './refuse.ts';
import { refsTo } from './scope.ts';
import { RUN_FACTS, type RunFactRefs, type ShownNodes } from './scored-scope.ts';
import type { AnyScorer, ScoreOf } from './scorer.ts';
import { type Metric, nameOf, type WrittenMetric } from './written-metric.ts';

/** What the metrics function of an experiment returned, by the roles that it gives. */
export interface OnlineGoals {
  /** What decides: one metric. */
  readonly primary: readonly [Metric<'primary'>];
  /** What may not get worse. */
  readonly guardrails?: readonly Metric<'guardrail'>[];
  /** What is looked at. Failures, latency and cost are added. */
  readonly secondary?: readonly Metric<'secondary'>[];
}

/** What the metrics function is given: a run that has ended, what scorers gave, and what people said. */
export interface OnlineScope<Visible, Output, Listed extends AnyScorer> {
  /** The nodes that the pipeline shows. */
  readonly nodes: ShownNodes<Visible>;
  readonly output: Ref<Output>;
  readonly run: RunFactRefs;
  readonly feedback: FeedbackRefs;
  score<One extends AnyScorer>(scorer: One & IsListed<One, Listed, 'experiment'>): Ref<ScoreOf<One>>;
}

/** The same at run time. */
export function onlineRefs({ internals, scorers }: OnlineParts, at: string): { readonly [word: string]: object } {
  return Object.freeze({
    nodes: Object.freeze(refsTo(internals.outputs, 'nodes')),
    output: refTo(internals.output, ['output']),
    run: refTo(RUN_FACTS, ['run']),
    feedback: refTo(FEEDBACK, ['feedback']),
    score: scoreRefs(scorers, at),
  });
}

/** The declared metrics in order of their roles, then those that every experiment has. */
export function onlineMetrics(
  goals: unknown,
  parts: OnlineParts,
  windows: WindowsMs,
  at: string,
): readonly OnlineMetric[] {
  const written = readGoals(goals, LIMITS.experimentMetrics, at);
  const deciding = written.filter(({ role }) => role === 'primary').length;
  if (deciding > 1)
    refuse(
      'primary_many',
      `${at} has ${deciding} primary metrics`,
      'let one decide, and give the others a margin among the guardrails, or .observe() them',
    );
  const declared = written.map((each) => toMetric(each, parts, windows, `${at}: metric '${each.name}'`));
  checkRead(declared, parts.scorers, at);
  return [...declared, ...impliedBy(declared, windows, at)];
}

function toMetric(written: WrittenMetric, parts: OnlineParts, windows: WindowsMs, at: string): OnlineMetric {
  const { name, role, kind, above, cap, quantile, minimumEffect, margin } = written;
  if (kind === 'win-rate')
    return refuse('metric_kind', `${at} is of pairs, and live runs come alone`, 'compare pairs in an evaluation');
  const read = readOnline(written, parts, at);
  const below = written.denominator && sourceOf(written.denominator, parts, `${at}: its denominator`);
  if (below) checkTogether(written, read, below, at);
  checkChosen(written, kind, read, below, at);
  checkReach(written, read.range, at);
  const better = written.better ?? read.better ?? noDirection(written, at);
  return {
    ...{ name, role, kind, source: read.source, denominator: below?.source ?? null, above, cap, quantile },
    ...{ better, format: formatOf(kind, read, below), minimumEffect, margin },
    windowMs: Math.max(windowOf(read.source, windows), below ? windowOf(below.source, windows) : 0),
    absent: absentOf(kind, read.source),
  };
}

function windowOf({ from }: OnlineSource, windows: WindowsMs): number {
  return from === 'value' ? windows.run : windows[from];
}

function formatOf(kind: OnlineKind, { format }: OnlineRead, below: OnlineRead | null): OnlineMetric['format'] {
  if (kind === 'mean' || kind === 'quantile') return format;
  if (kind === 'share' || kind === 'rate') return 'share';
  if (format !== 'share') return format;
  // What is true is counted: a sum of such is no share, and a ratio of two such is one.
  return kind === 'ratio' && below?.format === 'share' ? 'share' : 'number';
}

function noDirection({ role, value }: WrittenMetric, at: string): never {
  return refuse(
    'metric_direction',
    `${at} does not say which way is better of '${nameOf(value)}'`,
    `end it in ${role === 'guardrail' ? '.noWorseThan(margin, ' : '.observe('}{ better: 'higher' }), or 'lower'`,
  );
}

/** What every experiment is watched by: the breaker counts the first of them. */
const ALWAYS: readonly (readonly [name: string, kind: 'rate' | 'mean', field: RunField])[] = [
  ['failed', 'rate', 'failed'],
  ['latency', 'mean', 'latencyMs'],
  ['cost', 'mean', 'costUsd'],
];

function impliedBy(declared: readonly OnlineMetric[], { run }: WindowsMs, at: string): readonly OnlineMetric[] {
  return ALWAYS.filter(
    ([, kind, field]) =>
      !declared.some(
        (each) =>
          each.source.from === 'run' && each.source.field === field && (field !== 'failed' || each.kind === kind),
      ),
  ).map(([name, kind, field]) => {
    if (declared.some((each) => each.name === name))
      refuse(
        'metric_twice',
        `${at} has a metric '${name}' of something else: every experiment shows run.${field} by that name`,
        'give yours another name',
        { metric: name },
      );
    return {
      ...{ name, role: 'secondary', kind, source: { from: 'run', field }, denominator: null, above: null, cap: null },
      ...{ quantile: null, better: 'lower', format: kind === 'rate' ? 'share' : FACT_FIELDS[field].format },
      ...{ minimumEffect: null, margin: null, windowMs: run, absent: 'missing' },
    } satisfies OnlineMetric;
  });
}
