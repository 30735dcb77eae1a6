/**
 * The words for verdicts: the only place that writes sentences about them, so that the terminal, the dashboard and the
 * ledger's readers get the same text. Pure templates over data, the verdict first, then what it rests on; no p-value
 * stands alone.
 */
import { evaluationSentences, gateSentences, guardrailSentences, noiseSentences } from './explain-evaluation.ts';
import type {
  ExperimentReport,
  ExperimentStateReport,
  ExplainedArrival,
  ExplainedGuardrail,
  ExplainedRatio,
  ExplainedReport,
  PlanReport,
  StoppedVariant,
} from './explained-report.ts';
import { caveats, formatDifference, formatRange, formatValue, levelOf, plural } from './format-value.ts';

/** The sentences for a report: the verdict first, then what it rests on. */
export function explain(report: ExplainedReport): readonly string[] {
  switch (report.kind) {
    case 'experiment':
      return Object.freeze(experimentSentences(report));
    case 'experiment-state':
      return Object.freeze(stateSentences(report));
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

const experimentSentences = (report: ExperimentReport): readonly string[] => [
  report.phase === 'rollout' ? rolloutSentence(report) : experimentSentence(report),
  ...report.stopped.map((stopped) => stoppedSentence(stopped, report)),
  ...guardrailsBasis(report),
  ...experimentBasis(report),
];

function experimentSentence(report: ExperimentReport): string {
  const { verdict, baseline, variant, metric, format, srm, unit, units, days, daysLeft, at } = report;
  const show = (value: number | null | undefined): string => formatDifference(value ?? null, format);
  const { diff, lo, hi } = report.effect ?? { diff: null, lo: null, hi: null };
  const interval = `${levelOf(report.alpha)} interval ${formatRange(lo, hi, format)}; holds however often you look`;
  switch (verdict.reason) {
    case 'superior':
      return `${variant} beats ${baseline} on ${metric} by ${show(diff)} (${interval}). ${plural(units, unit)}.`;
    case 'worse':
      return `${variant} was rolled back at ${at}: it is worse than ${baseline} on ${metric} by ${show(diff)} (${interval}). ${plural(units, unit)}.`;
    case 'guardrail':
    case 'breaker':
      return `${variant} was rolled back at ${at}: ${harmClause(report)}.`;
    case 'srm':
      return `${ratioClause(srm)}. Numbers can't be trusted until the cause is found: ${CAUSES[srm?.of ?? 'exposed']}.`;
    case 'exposure':
      return `${exposureClause(report)}. Numbers can't be trusted until the cause is found: ${EXPOSURE_CAUSES}.`;
    case 'warming_up':
      return report.unitsMinArm < report.minUnits
        ? `Collecting: ${report.unitsMinArm} of ${report.minUnits} ${unit}s in the smaller arm.`
        : `Nothing to tell them apart by: all ${plural(units, unit)} have the same ${metric}.`;
    case 'events_late':
    case 'events_missing':
      return verdict.decision === 'inconclusive'
        ? `No verdict after ${plural(days, 'day')}: ${missingEvents(report)}, so no effect is proven and none is ruled out. Baseline stays. ${eventsRemedy(verdict)}`
        : `Not decided yet: ${missingEvents(report)}, so no effect can be proven or ruled out. ${eventsRemedy(verdict)}`;
    case 'min_duration':
      return `${variant} is ahead on ${metric} (${interval}), but the minimum duration is not over. ${aboutDays(daysLeft)}`;
    case 'collecting':
      return `Not decided yet: the interval of the effect is ${formatRange(lo, hi, format)}. ${aboutDays(daysLeft)}`;
    case 'insufficient_data':
      return report.unitsMinArm < report.minUnits
        ? `Not enough ${unit}s in ${plural(days, 'day')}: ${report.unitsMinArm} in the smaller arm, ${report.minUnits} needed. Baseline stays.`
        : `After ${plural(days, 'day')} all ${plural(units, unit)} have the same ${metric}. Baseline stays.`;
    case 'guardrails_unproven':
      return `${variant} is ahead on ${metric}, but after ${plural(days, 'day')} these are not proven harmless: ${verdict.guardrails.join(', ')}. Baseline stays.`;
    case 'no_effect_proven':
      return `No difference proven in ${plural(days, 'day')}. A change larger than ${show(furthest(lo, hi))} is ruled out. Baseline stays.`;
    case 'futile':
      return `No useful difference in ${plural(days, 'day')}: a change of the size that was asked for is ruled out (the interval of the effect is ${formatRange(lo, hi, format)}). Baseline stays.`;
  }
}

/** Which events of the primary metric did not arrive. */
const missingEvents = ({ metric, unit, arrivals = [] }: ExperimentReport): string =>
  arrivals
    .filter((row) => row.metric === metric && row.status !== 'arrived')
    .map((row) => arrivalClause(row, unit))
    .join(', and ');

function arrivalClause(
  { metric, arm, window, matured, events, late, maxLate, status }: ExplainedArrival,
  unit: string,
) {
  return status === 'late'
    ? `${late} of ${events + late} events of ${metric} in ${arm} came after the window of ${window} (at most ${formatValue(maxLate, 'share')} may)`
    : `no event of ${metric} has arrived in ${arm} from ${plural(matured, unit)} within ${window}`;
}

const eventsRemedy = ({ reason }: Pick<ExperimentReport['verdict'], 'reason'>): string =>
  reason === 'events_late'
    ? 'Start it again with a longer window, as windows: { feedback: ... }.'
    : 'Check that feedback and scores are delivered, or start it again with a longer window, as windows: { feedback: ... }.';

/** In a rollout harm is all that is looked for; what is not harm goes on. */
function rolloutSentence(report: ExperimentReport): string {
  const { verdict, variant, at, srm, unit } = report;
  if (verdict.decision !== 'rollback')
    return verdict.reason === 'warming_up'
      ? `${variant} is being rolled out. Too few ${unit}s yet to see harm: ${report.unitsMinArm} in the smaller arm.`
      : `${variant} is being rolled out: no guardrail is beyond its margin.`;
  const unseen = 'so harm would not be seen';
  const why = (): string => {
    if (verdict.reason === 'srm') return `${lowered(ratioClause(srm))}, ${unseen}`;
    return verdict.reason === 'exposure' ? `${lowered(exposureClause(report))}, ${unseen}` : harmClause(report);
  };
  return `${variant} was rolled back at ${at}: ${why()}.`;
}

const EXPOSURE_CAUSES =
  'a variant that slows down or breaks steps before the edited one, crashes, runs that are ended from outside';

/** The arms with the smallest and the largest part of their units exposed. */
function exposureClause({ exposure, unit }: ExperimentReport): string {
  const title = 'Exposure differs between arms';
  if (exposure === null) return title;
  const { arms, assigned, exposed, p } = exposure;
  const byRate = arms
    .map((arm, place) => ({ arm, of: assigned[place]!, n: exposed[place]! }))
    .filter(({ of }) => of > 0)
    .sort((a, b) => a.n / a.of - b.n / b.of);
  const show = ({ arm, of, n }: (typeof byRate)[number], what: string): string =>
    `${n.toLocaleString('en')} of ${of.toLocaleString('en')} ${what}${arm}`;
  const [least, most] = [byRate[0], byRate.at(-1)];
  if (least === undefined || most === undefined) return title;
  return `${title}: ${show(least, `assigned ${unit}s of `)} were exposed, ${show(most, 'of ')} (chance ${oneIn(p)})`;
}

type Harmed = Pick<StoppedVariant, 'verdict' | 'guardrail'>;

/** What a breaker or a guardrail has found. */
function harmClause({ verdict, guardrail }: Harmed): string {
  if (verdict?.reason === 'breaker') return "its failure rate rose above the breaker's ceiling";
  if (guardrail === null) return `${verdict?.guardrails.join(', ')} moved beyond the allowed margin`;
  const { name, better, lo, margin, format } = guardrail;
  return `${name} ${better === 'lower' ? 'rose' : 'fell'} by at least ${formatDifference(lo, format)}, over the allowed ${formatDifference(margin, format)}`;
}

function stoppedSentence(
  stopped: StoppedVariant,
  { unit, baseline, metric, variant, format }: ExperimentReport,
): string {
  const { verdict, effect } = stopped;
  const why =
    verdict === null
      ? `${variant} has won`
      : verdict.reason === 'worse'
        ? `it is worse than ${baseline} on ${metric} by ${formatDifference(effect?.diff ?? null, format)}`
        : harmClause(stopped);
  return `${stopped.variant} is stopped, and its ${unit}s get the baseline: ${why}.`;
}

const CAUSES = {
  exposed: 'lost exposures, bots, redirects, crashes',
  recorded: 'crashes, timeouts, outcomes that are not delivered',
} as const;

function ratioClause(srm: ExplainedRatio | null): string {
  if (srm === null) return 'Traffic split is off';
  const expected = srm.weights.map((weight) => Number(weight.toPrecision(3))).join(':');
  const seen = `(expected ${expected}, got ${srm.counts.join(':')}; chance ${oneIn(srm.p)})`;
  return srm.of === 'exposed'
    ? `Traffic split is off ${seen}`
    : `${neediest(srm)} loses its records of ${srm.metric} ${seen}`;
}

const lowered = (clause: string): string => clause.replace('Traffic', 'the traffic').replace('Exposure', 'exposure');

/** The arm that has the least of what it should have. */
function neediest({ arms, counts, weights }: ExplainedRatio): string {
  const fill = counts.map((count, index) => (weights[index]! > 0 ? count / weights[index]! : Number.POSITIVE_INFINITY));
  return arms[fill.indexOf(Math.min(...fill))] ?? 'an arm';
}

const aboutDays = (daysLeft: number | null): string =>
  daysLeft === null
    ? 'The time left is not known yet.'
    : `At this pace about ${plural(Math.ceil(daysLeft), 'day')} more.`;

/** Chance p as "1 in N". */
const oneIn = (p: number): string => (p > 0 && 1 / p < 1e9 ? `1 in ${Math.round(1 / p)}` : 'less than 1 in a billion');

const furthest = (lo: number | null, hi: number | null): number | null =>
  lo === null || hi === null ? null : Math.max(Math.abs(lo), Math.abs(hi));

/** Which guardrails are proven, and how far the others are from it. A verdict that a guardrail decided says so itself. */
function guardrailsBasis({ guardrails, verdict, phase, arrivals = [] }: ExperimentReport): readonly string[] {
  if (phase === 'rollout' || verdict.decision === 'rollback' || verdict.decision === 'halt') return [];
  const isProven = ({ hi, margin }: ExplainedGuardrail): boolean => hi !== null && hi < margin;
  const proven = guardrails.filter(isProven).map(({ name }) => name);
  return [
    ...(proven.length === 0 ? [] : [`Proven harmless: ${proven.join(', ')}.`]),
    ...guardrails.filter((guardrail) => !isProven(guardrail)).map((guardrail) => unprovenSentence(guardrail, arrivals)),
  ];
}

function unprovenSentence(
  { name, hi, margin, format }: ExplainedGuardrail,
  arrivals: readonly ExplainedArrival[],
): string {
  const allowed = `${formatDifference(margin, format)} allowed`;
  const isWaiting = arrivals.some(({ metric, status }) => metric === name && status !== 'arrived');
  return hi === null
    ? `Not proven harmless yet: ${name} (${isWaiting ? 'its events have not arrived' : 'no interval yet'}, ${allowed}).`
    : `Not proven harmless yet: ${name} (at most ${formatDifference(hi, format)} worse, ${allowed}).`;
}

/** Above these shares late outcomes mean that the window is too short, and excluded units that identities change. */
const MAX_LATE_SHARE = 0.05;
const MAX_EXCLUDED_SHARE = 0.01;

function experimentBasis(report: ExperimentReport): readonly string[] {
  const { excluded, late, outcomes, missing, capped } = report.counts;
  const { unit, units } = report;
  return [
    `${excluded} excluded, ${late} late, ${missing} missing, ${capped} capped.`,
    `Unit: ${unit}. Window: ${report.window}. Method: ${report.method}.`,
    ...(report.phase === 'experiment' && report.verdict.reason === 'superior'
      ? ['The estimate of a winner that stopped early is optimistic; its interval is not.']
      : []),
    ...((report.arrivals ?? []).length === 0 && late > MAX_LATE_SHARE * outcomes
      ? ['More than 5% of outcomes came late: the window is too short.']
      : []),
    ...arrivalWarnings(report),
    ...(excluded > MAX_EXCLUDED_SHARE * (units + excluded)
      ? [`More than 1% of ${unit}s were seen in two arms: their identity is not stable.`]
      : []),
    ...caveats(report),
  ];
}

/** What did not arrive, unless the verdict says it; and arms that give feedback at different rates. */
function arrivalWarnings({ verdict, metric, baseline, unit, arrivals = [] }: ExperimentReport): readonly string[] {
  const isInVerdict = verdict.reason === 'events_late' || verdict.reason === 'events_missing';
  return [
    ...arrivals
      .filter((row) => row.status !== 'arrived' && !(isInVerdict && row.metric === metric))
      .map((row) => `Events did not arrive: ${arrivalClause(row, unit)}.`),
    ...arrivals
      .filter(({ isUneven }) => isUneven)
      .map((row) => {
        const other = arrivals.find(({ metric: of, arm }) => of === row.metric && arm === baseline);
        return `Warning: the arms give feedback at different rates. ${row.metric} has an event from ${heardShare(row)} of ${unit}s in ${row.arm}, and from ${heardShare(other)} in ${baseline}. Feedback may be lost in one arm; a real effect can change this rate too.`;
      }),
  ];
}

const heardShare = (row: ExplainedArrival | undefined): string =>
  formatValue(row === undefined || row.matured === 0 ? null : 1 - row.silent / row.matured, 'share');

function stateSentences(report: ExperimentStateReport): readonly string[] {
  const { state, pipeline, unit, ramp } = report;
  const variant = report.variant ?? 'The variant';
  const because = report.reason === null ? '' : `: ${report.reason}`;
  const by = report.by === null ? '' : ` by ${report.by}`;
  const at = report.at === null ? '' : ` at ${report.at}`;
  const sentence = (): string => {
    switch (state) {
      case 'running':
        return report.at === null ? 'Running.' : `Running since ${report.at}.`;
      case 'paused':
        return `Paused${at}${by}${because}. Every ${unit} gets the baseline, and nothing is decided.`;
      case 'halted':
        return `Halted${at}${because}. The split stays as it is and nobody is promoted; find the cause, and abort it.`;
      case 'approving':
        return `${variant} has won${at}, and waits for approval.`;
      case 'rolling':
        return `${variant} is being rolled out: ${formatValue(ramp, 'share')} of the traffic outside the experiment gets it.`;
      case 'promoted':
        return `${variant} was promoted${at}: it is what ${pipeline} serves.`;
      case 'rolled_back':
        return `${report.variant ?? 'It'} was rolled back${at}${because}. Every ${unit} gets the baseline.`;
      case 'inconclusive':
        return `Ended${at} without a winner${because}. Baseline stays.`;
      case 'aborted':
        return `Aborted${at}${by}${because}. Baseline stays; what was seen until then decides nothing.`;
      case 'superseded':
        return `Superseded${at}${because}. What it compared is no longer served; start it anew on what is.`;
    }
  };
  return [sentence()];
}

function planSentences(report: PlanReport): readonly string[] {
  const { metric, mde, format, unit, units, days, maxDays, mdeAtMax, unprovable, assumed } = report;
  const pace = days === null ? '' : ` (${plural(days, 'day')} at current traffic)`;
  return [
    ...(mde === null || units === null
      ? [`No smallest effect on ${metric ?? 'a primary metric'} is declared, so nothing says how long this takes.`]
      : [
          `To see a change of ${formatDifference(mde, format)} you need about ${plural(units, unit)}${pace}; small differences cost four times as much when halved.`,
        ]),
    ...(mdeAtMax === null
      ? ['The traffic is not known, so neither is the time this takes.']
      : [`In at most ${plural(maxDays, 'day')} a change of ${formatDifference(mdeAtMax, format)} can be seen.`]),
    ...(days !== null && days > maxDays
      ? [`That is longer than the ${plural(maxDays, 'day')} it may take: it would most likely end inconclusive.`]
      : []),
    ...unprovable.map(
      (guardrail) =>
        `${guardrail.metric} cannot be proven harmless with so few ${unit}s: about ${guardrail.units} would do.`,
    ),
    ...(assumed.length === 0 ? [] : [`Nothing was measured of ${assumed.join(', ')}: how much they vary is assumed.`]),
  ];
}
