/** What is foreseen of an experiment, as its reader wants it: how long, then what that rests on. */
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { GuardrailPlan, MetricBaseline } from '../experiment/planner.ts';
import { percent } from '../experiment/report-text.ts';
import type { Foreseen } from '../experiment/traffic.ts';
import { type ExperimentSpec, judgedWarning, type OnlineMetric } from '../model/experiment-spec.ts';
import { formatDifference } from '../stats/format-value.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count, wrap } from './text.ts';

export function showForeseen(terminal: Terminal, spec: ExperimentSpec, foreseen: Foreseen): void {
  const { plan, hopeless } = foreseen;
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  print(`${spec.name} on ${spec.pipeline}: ${headline(spec, foreseen)}`, '');
  for (const line of hopeless) print(`no hope: ${line}`);
  const judged = judgedWarning(spec);
  if (judged !== null) print(`! ${judged}`);
  print(trafficLine(spec, foreseen));
  for (const line of metricTable(spec, foreseen, terminal.room)) terminal.print(`  ${line}`);
  for (const sentence of plan.sentences) print(sentence);
  const [unknown] = spec.metrics.filter(({ name, role }) => role !== 'secondary' && plan.assumed.includes(name));
  if (unknown !== undefined) print(`say what you know of one: --assume ${unknown.name}=MEAN or MEAN:SD`);
}

function headline({ unitName, stop }: ExperimentSpec, { plan }: Foreseen): string {
  const { units, days, maxDays, primary } = plan;
  const atMost = `it lasts at most ${showDays(maxDays)}`;
  if (primary === null) return 'nothing is to be better, and so nothing is waited for';
  if (units === null) return `how long it takes is not known: '${primary}' has no smallest effect; ${atMost}`;
  const wanted = `about ${count(units, unitName)}`;
  if (days === null) return `${wanted}; how long that takes is not known, since the traffic is not; ${atMost}`;
  const least = Math.max(days, stop.minDurationMs / DAY_MS);
  return `${wanted}, in about ${showDays(least)}; ${atMost}`;
}

const DAY_MS = 86_400_000;
const showDays = (days: number): string => count(Number(days.toPrecision(days < 10 ? 2 : 3)), 'day');

function trafficLine({ unitName, share }: ExperimentSpec, { traffic, unitsPerDay, holdOut, plan }: Foreseen): string {
  const { units, days, runs, withoutUnit, offTarget, unitsPerDay: measured } = traffic;
  const seen = `${count(units, unitName)} in ${count(runs, 'run')} of ${showDays(days)}`;
  const pace =
    unitsPerDay === null
      ? `not known (${seen})`
      : `${perDay(unitsPerDay)} ${unitName}s a day${unitsPerDay === measured ? ` (${seen})` : `, as you say (measured: ${seen})`}; ${holdOut > 0 ? `${percent(holdOut)} are held out, ` : ''}${percent(share)} of ${holdOut > 0 ? 'the others' : 'them'} are in it: ${perDay(plan.unitsPerDay ?? 0)} a day`;
  const left = [
    ...(withoutUnit > 0 ? [`${count(withoutUnit, 'run')} of no ${unitName} in particular`] : []),
    ...(offTarget > 0 ? [`${count(offTarget, 'run')} outside its target`] : []),
  ];
  return `traffic: ${pace}${left.length === 0 ? '' : `; left out: ${left.join(', ')}`}`;
}

const perDay = (units: number): string => Number(units.toPrecision(3)).toLocaleString('en');

interface MetricRow {
  readonly metric: OnlineMetric;
  readonly baseline: MetricBaseline | null;
  /** Units that it was measured on; null where it was said. */
  readonly units: number;
  readonly guardrail: GuardrailPlan | undefined;
}

function metricTable(spec: ExperimentSpec, { plan, traffic, baselines }: Foreseen, room: number): string[] {
  const rows = spec.metrics.map(
    (metric, index): MetricRow => ({
      metric,
      baseline: baselines[index] ?? null,
      units: traffic.unitsOf[index] ?? 0,
      guardrail: plan.guardrails.find((each) => each.metric === metric.name),
    }),
  );
  return tableLines(
    rows.filter(({ metric }) => metric.role !== 'secondary'),
    [
      { heading: 'metric', cell: ({ metric }) => metric.name },
      { heading: '', cell: ({ metric }) => metric.role },
      { heading: 'now', cell: ({ metric, baseline }) => nowOf(metric, baseline), align: 'right' },
      { heading: `${spec.unitName}s measured`, cell: ({ units }) => units, align: 'right' },
      { heading: 'asked', cell: askedOf, align: 'right' },
      { heading: 'provable', cell: ({ metric, guardrail }) => provable(metric, guardrail, spec.unitName) },
    ],
    room - 2,
  );
}

const nowOf = ({ format }: OnlineMetric, baseline: MetricBaseline | null): string | null =>
  baseline === null ? null : showValue(baseline.mean, format);

function askedOf({ metric }: MetricRow): string | null {
  const { role, margin, minimumEffect, format, better } = metric;
  const size = role === 'guardrail' ? margin : minimumEffect;
  if (size === null) return null;
  const isUp = (role === 'guardrail') !== (better === 'higher');
  return `${role === 'guardrail' ? 'within ' : ''}${showDifference(isUp ? size : -size, format)}`;
}

function provable({ format }: OnlineMetric, guardrail: GuardrailPlan | undefined, unitName: string): string | null {
  if (guardrail === undefined) return null;
  const { isProvable, provableMargin, unitsNeeded } = guardrail;
  return isProvable
    ? 'yes'
    : `no: ${formatDifference(provableMargin, format)} at best; ${count(unitsNeeded, unitName)} would do`;
}

/** The same as data. */
export function foreseenData(spec: ExperimentSpec, { plan, traffic, unitsPerDay, baselines, hopeless }: Foreseen) {
  const { metrics: _, ...measured } = traffic;
  return {
    experiment: spec.name,
    pipeline: spec.pipeline,
    ...plan,
    isHopeless: hopeless.length > 0,
    hopeless,
    traffic: { ...measured, planned: unitsPerDay },
    metrics: spec.metrics.map(({ name, role }, index) => {
      const { mean = null, variance = null } = baselines[index] ?? {};
      return { metric: name, role, mean, variance, units: traffic.unitsOf[index] ?? 0 };
    }),
  };
}
