/**
 * The words for verdicts: the only place that writes sentences about them, so that the terminal, the dashboard and the
 * ledger's readers are told the same. Pure templates over data, the verdict first, then what it rests on; no p-value
 * stands alone.
 */
import { evaluationSentences, gateSentences, guardrailSentences, noiseSentences } from './explain-offline.ts';
import type { ExperimentReport, ExplainedReport, PlanReport } from './reports.ts';
import { caveats, formatValue, levelOf, plural } from './words.ts';

export { formatValue } from './words.ts';

/** The sentences for a report: the verdict first, then what it rests on. */
export function explain(report: ExplainedReport): readonly string[] {
  switch (report.kind) {
    case 'experiment':
      return Object.freeze([experimentSentence(report), ...experimentBasis(report)]);
    case 'evaluation':
      return Object.freeze(evaluationSentences(report));
    case 'evaluation-guardrail':
      return Object.freeze(guardrailSentences(report));
    case 'evaluation-gate':
      return Object.freeze(gateSentences(report));
    case 'noise':
      return Object.freeze(noiseSentences(report));
    case 'plan':
      return Object.freeze(planSentences(report));
  }
}

function experimentSentence(report: ExperimentReport): string {
  const { verdict, baseline, variant, metric, format, guardrail, srm, unit, units, days, daysLeft, at } = report;
  const show = (value: number | null | undefined): string => formatValue(value ?? null, format);
  const { diff, lo, hi } = report.effect ?? { diff: null, lo: null, hi: null };
  const interval = `${levelOf(report.alpha)} interval ${show(lo)} to ${show(hi)}; holds however often you look`;
  switch (verdict.reason) {
    case 'superior':
      return `${variant} beats ${baseline} on ${metric} by ${show(diff === null ? null : Math.abs(diff))} (${interval}). ${plural(units, unit)}.`;
    case 'worse':
      return `${variant} was rolled back at ${at}: it is worse than ${baseline} on ${metric} by ${show(diff === null ? null : Math.abs(diff))} (${interval}). ${plural(units, unit)}.`;
    case 'guardrail':
      return guardrail === null
        ? `${variant} was rolled back at ${at}: ${verdict.guardrails.join(', ')} moved beyond the allowed margin.`
        : `${variant} was rolled back at ${at}: ${guardrail.name} ${guardrail.better === 'lower' ? 'rose' : 'fell'} by at least ${formatValue(guardrail.lo, guardrail.format)}, over the allowed ${formatValue(guardrail.margin, guardrail.format)}.`;
    case 'breaker':
      return `${variant} was rolled back at ${at}: its failure rate rose above the breaker's ceiling.`;
    case 'srm':
      return `Traffic split is off${srm === null ? '' : ` (expected ${srm.weights.map((weight) => Number(weight.toPrecision(3))).join(':')}, got ${srm.counts.join(':')}; chance ${oneIn(srm.p)})`}. Numbers can't be trusted until the cause is found: lost exposures, bots, redirects, crashes.`;
    case 'warming_up':
      return `Collecting: ${report.unitsMinArm} of ${report.minUnits} ${unit}s in the smaller arm.`;
    case 'min_duration':
      return `${variant} is ahead on ${metric} (${interval}), but the minimum duration is not over. ${aboutDays(daysLeft)}`;
    case 'collecting':
      return `Not decided yet: the effect is between ${show(lo)} and ${show(hi)}. ${aboutDays(daysLeft)}`;
    case 'insufficient_data':
      return `Not enough ${unit}s in ${plural(days, 'day')}: ${report.unitsMinArm} in the smaller arm, ${report.minUnits} needed. Baseline stays.`;
    case 'guardrails_unproven':
      return `${variant} is ahead on ${metric}, but after ${plural(days, 'day')} these are not proven harmless: ${verdict.guardrails.join(', ')}. Baseline stays.`;
    case 'no_effect_proven':
      return `No difference proven in ${plural(days, 'day')}. A change larger than ${show(furthest(lo, hi))} is ruled out. Baseline stays.`;
    case 'futile':
      return `No useful difference in ${plural(days, 'day')}: a change of the size that was asked for is ruled out (the effect is between ${show(lo)} and ${show(hi)}). Baseline stays.`;
  }
}

const aboutDays = (daysLeft: number | null): string =>
  daysLeft === null
    ? 'The time left cannot be told yet.'
    : `At this pace about ${plural(Math.ceil(daysLeft), 'day')} more.`;

/** Chance p as "1 in N". */
const oneIn = (p: number): string => (p > 0 && 1 / p < 1e9 ? `1 in ${Math.round(1 / p)}` : 'less than 1 in a billion');

const furthest = (lo: number | null, hi: number | null): number | null =>
  lo === null || hi === null ? null : Math.max(Math.abs(lo), Math.abs(hi));

/** Above these shares late outcomes mean that the window is too short, and excluded units that identities change. */
const MAX_LATE_SHARE = 0.05;
const MAX_EXCLUDED_SHARE = 0.01;

function experimentBasis(report: ExperimentReport): readonly string[] {
  const { excluded, late, outcomes, missing, capped } = report.counts;
  const { unit, units } = report;
  return [
    `${excluded} excluded, ${late} late, ${missing} missing, ${capped} capped.`,
    `Unit: ${unit}. Window: ${report.window}. Method: ${report.method}.`,
    ...(report.verdict.reason === 'superior'
      ? ['The estimate of a winner that stopped early is optimistic; its interval is not.']
      : []),
    ...(late > MAX_LATE_SHARE * outcomes ? ['More than 5% of outcomes came late: the window is too short.'] : []),
    ...(excluded > MAX_EXCLUDED_SHARE * (units + excluded)
      ? [`More than 1% of ${unit}s were seen in two arms: their identity is not stable.`]
      : []),
    ...caveats(report),
  ];
}

function planSentences({ mde, format, unit, units, days, unprovable }: PlanReport): readonly string[] {
  const need = `To see a change of ${formatValue(mde, format)} you need about ${plural(units, unit)} (${plural(days, 'day')} at current traffic); small differences cost four times as much when halved.`;
  return [need, ...unprovable.map((name) => `${name} cannot be proven harmless with so few ${unit}s.`)];
}
