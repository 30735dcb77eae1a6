/** From a look's record to the report that `explain` has words for. Nothing is worked out anew but what people count in. */

import { showSpan, showTime } from '../base/format.ts';
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { AnalysisRecord, ArmVerdict } from '../model/analysis-data.ts';
import {
  DEFAULT_MAX_LATE,
  type ExperimentSpec,
  type FrozenSettings,
  isJudged,
  type OnlineMetric,
} from '../model/experiment-spec.ts';
import { explain } from '../stats/explain.ts';
import type {
  ExperimentReport,
  ExperimentStateReport,
  ExplainedEffect,
  ExplainedExposure,
  ExplainedGuardrail,
  ExplainedRatio,
  JudgeBasis,
  StoppedVariant,
} from '../stats/explained-report.ts';
import { formatDifference, formatRange } from '../stats/format-value.ts';
import type { AnalysisRow } from '../stats/interim-analysis.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { gainOf } from './analysis-record.ts';
import { namedArrivals } from './arrival.ts';
import { burnIn, maturedUnits, recordedUnits, stagesOf } from './metric-cells.ts';
import { type EffectRow, effectRows } from './report-table.ts';
import { sampleRatioVerdict, servedArms } from './srm.ts';

const DAY_MS = 86_400_000;

/** The look in words: the verdict first, then what it rests on. */
export function explainAnalysis(
  spec: ExperimentSpec,
  settings: FrozenSettings,
  record: AnalysisRecord,
): readonly string[] {
  return explain(reportOf(spec, settings, record));
}

/**
 * The state in words, for one that is not looked at any more, or that somebody changed.
 *
 * @param by who put it into this state
 * @param since when that was, in milliseconds since the epoch; an end knows it by itself
 */
export function explainState(row: ExperimentRow, by: string | null = null, since?: number): readonly string[] {
  const at = row.endedAt ?? since ?? (row.state === 'running' ? row.startedAt : null);
  const report: ExperimentStateReport = {
    kind: 'experiment-state',
    state: row.state,
    pipeline: row.pipeline,
    variant: row.winner,
    unit: row.spec.unitName,
    by,
    reason: row.reason,
    at: at === null ? null : showTime(at, 'minutes'),
    ramp: row.ramp,
  };
  return explain(report);
}

/** The report on the variant that the look is about; of several that go on, the one that is furthest ahead. */
export function reportOf(spec: ExperimentSpec, settings: FrozenSettings, record: AnalysisRecord): ExperimentReport {
  const { data } = record;
  const verdict = headline(spec, record);
  const own = record.rows.filter(({ arm }) => arm === verdict.arm);
  const row = own.find(({ role }) => role === 'primary') ?? own[0];
  const index = spec.metrics.findIndex(({ name }) => name === row?.metric);
  const metric = spec.metrics[index];
  const guardrails = guardrailsOf(spec, own);
  return {
    kind: 'experiment',
    phase: record.phase,
    verdict: { decision: verdict.decision, reason: verdict.reason, guardrails: verdict.guardrails },
    baseline: spec.arms[0]!.name,
    variant: spec.arms[verdict.arm]!.name,
    metric: metric?.name ?? 'nothing',
    format: metric?.format ?? 'number',
    alpha: settings.alpha / Math.max(1, spec.arms.length - 1),
    effect: effectOf(row),
    guardrail: verdict.reason === 'guardrail' ? harmedOf(guardrails, verdict) : null,
    guardrails,
    stopped: record.stops.filter((arm) => arm !== verdict.arm).map((arm) => stoppedOf(spec, record, arm)),
    srm: worstRatio(spec, record),
    exposure: exposureOf(spec, record),
    unit: spec.unitName,
    units: row === undefined ? 0 : row.units[0] + row.units[1],
    unitsMinArm: row === undefined ? 0 : Math.min(...row.units),
    minUnits: Math.max(spec.stop.minUnits, metric === undefined ? 0 : burnIn(metric)),
    days: Math.max(0, record.at - data.startedAt) / DAY_MS,
    daysLeft: record.daysLeft,
    at: showTime(record.at, 'minutes'),
    window: showSpan(metric?.windowMs ?? 0),
    method: settings.method,
    counts: countsOf(spec, record, index),
    arrivals: namedArrivals(spec, record).map(({ windowMs, ...row }) => ({
      ...row,
      ...{ window: showSpan(windowMs), maxLate: spec.stop.maxLate ?? DEFAULT_MAX_LATE },
    })),
    isExploratory: false,
    judge: judgeOf(spec, metric),
  };
}

function headline(spec: ExperimentSpec, record: AnalysisRecord): ArmVerdict {
  const { verdicts, arm, stops, decision } = record;
  const about = verdicts.find((verdict) => verdict.arm === arm);
  if (about !== undefined) return about;
  const left = verdicts.filter((verdict) => !stops.includes(verdict.arm));
  const speaking = left.filter((verdict) => verdict.decision === decision && verdict.reason === record.reason);
  return (speaking.length === 0 ? verdicts : speaking).reduce((best, next) =>
    gainOf(next.arm, record.rows, spec) > gainOf(best.arm, record.rows, spec) ? next : best,
  );
}

const effectOf = (row: AnalysisRow | undefined): ExplainedEffect | null =>
  row === undefined || row.effect.ciLo === null || row.effect.ciHi === null
    ? null
    : { diff: row.effect.diff, lo: row.effect.ciLo, hi: row.effect.ciHi };

function guardrailsOf(spec: ExperimentSpec, rows: readonly AnalysisRow[]): readonly ExplainedGuardrail[] {
  return rows
    .filter(({ role }) => role === 'guardrail')
    .map(({ metric: name, margin, oriented }) => {
      const { better, format } = spec.metrics.find((metric) => metric.name === name)!;
      return { name, better, format, margin: margin ?? 0, lo: oriented.lo, hi: oriented.hi };
    });
}

/** Of several that are harmed the one furthest beyond its margin, in margins. */
function harmedOf(guardrails: readonly ExplainedGuardrail[], verdict: ArmVerdict): ExplainedGuardrail | null {
  const excess = ({ lo, margin }: ExplainedGuardrail): number => (lo ?? Number.NEGATIVE_INFINITY) / margin;
  return guardrails
    .filter(({ name }) => verdict.guardrails.includes(name))
    .reduce<ExplainedGuardrail | null>(
      (worst, next) => (worst === null || excess(next) > excess(worst) ? next : worst),
      null,
    );
}

function stoppedOf(spec: ExperimentSpec, record: AnalysisRecord, arm: number): StoppedVariant {
  const variant = spec.arms[arm]!.name;
  const verdict = record.verdicts.find((candidate) => candidate.arm === arm);
  if (verdict?.decision !== 'rollback') return { variant, verdict: null, guardrail: null, effect: null };
  const own = record.rows.filter((row) => row.arm === arm);
  return {
    variant,
    verdict,
    guardrail: verdict.reason === 'guardrail' ? harmedOf(guardrailsOf(spec, own), verdict) : null,
    effect: effectOf(own.find(({ role }) => role === 'primary')),
  };
}

function worstRatio(spec: ExperimentSpec, record: AnalysisRecord): ExplainedRatio | null {
  const { worst } = sampleRatioVerdict(record);
  if (worst === null) return null;
  const { of, metric, weights, counts } = worst.row;
  const { p } = worst;
  const arms = servedArms(spec, record.data).map((arm) => spec.arms[arm]!.name);
  return { of, metric: metric === null ? null : spec.metrics[metric]!.name, arms, weights, counts, p };
}

function exposureOf(spec: ExperimentSpec, { exposure, data }: AnalysisRecord): ExplainedExposure | null {
  if (exposure == null) return null;
  return { arms: servedArms(spec, data).map((arm) => spec.arms[arm]!.name), ...exposure };
}

function countsOf(spec: ExperimentSpec, { data }: AnalysisRecord, index: number): ExperimentReport['counts'] {
  const metric = spec.metrics[index];
  const arms = servedArms(spec, data);
  const missing = (arm: number): number => {
    if (metric === undefined || metric.absent === 'zero') return 0;
    const matured = stagesOf(data).reduce((sum, stage) => sum + maturedUnits(data, metric.windowMs, stage, arm), 0);
    return Math.max(0, matured - recordedUnits(data, index, arm));
  };
  return {
    excluded: data.counts.twoArms,
    late: data.counts.late,
    outcomes: data.counts.outcomes,
    missing: arms.reduce((sum, arm) => sum + missing(arm), 0),
    capped: data.cells.filter((cell) => arms.includes(cell.arm)).reduce((sum, { capped }) => sum + capped, 0),
  };
}

/** Online there are no labels, so the judge's scores are not corrected. */
const judgeOf = (spec: ExperimentSpec, metric: OnlineMetric | undefined): JudgeBasis =>
  metric !== undefined && isJudged(spec, metric) ? 'uncorrected' : null;

/** More rows than this are not shown: the ledger has them. */
const MOST_ROWS = 30;

/** @param sentences of `explainAnalysis` */
export function detailsMarkdown(spec: ExperimentSpec, record: AnalysisRecord, sentences: readonly string[]): string {
  const rows = effectRows(spec, record);
  const [verdict, ...rest] = sentences;
  return [
    `**${verdict ?? ''}**`,
    '',
    `Look ${record.lookNo}${record.phase === 'rollout' ? ' of the rollout' : ''}, ${showTime(record.at, 'minutes')}.`,
    '',
    '| metric | role | variant | baseline | with it | effect | interval | units | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.slice(0, MOST_ROWS).map(rowText),
    ...(rows.length > MOST_ROWS ? ['', `${rows.length - MOST_ROWS} more in the ledger.`] : []),
    '',
    ...rest.map((sentence) => `- ${sentence}`),
  ].join('\n');
}

function rowText(row: EffectRow): string {
  const show = (value: number | null): string => showValue(value, row.format);
  const interval = row.interval === null ? '–' : formatRange(...row.interval, row.format);
  const margin = row.margin === null ? '' : ` (${formatDifference(row.margin, row.format)} allowed)`;
  const cells = [
    row.metric,
    row.isExploratory ? 'exploratory' : row.role,
    row.variant,
    show(row.values[0]),
    show(row.values[1]),
    showDifference(row.effect, row.format),
    interval,
    row.units.join(' / '),
    `${row.status}${margin}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
