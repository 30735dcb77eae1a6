/** The question, recommendation and consequences of an experiment, in sentences. */

import { showPercent, showSpan, showWhole } from '../base/format.ts';
import { showEffect } from '../evaluation/report/values.ts';
import { formatDifference } from '../stats/format-value.ts';
import { doRatesDiffer } from '../stats/srm.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { AnalysisReport, ExperimentDesign } from './analysis-report.ts';
import type { NamedArrival } from './arrival.ts';
import type { EffectRow } from './report-table.ts';

/** What these sentences need of an experiment. */
export interface ExperimentSummary
  extends Pick<ExperimentRow, 'experimentId' | 'pipeline' | 'kind' | 'winner' | 'startedAt' | 'endedAt'> {
  readonly state: string;
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

export function questionOf({ pipeline, kind }: ExperimentSummary, { arms, metrics }: ExperimentDesign): string {
  const variants = list(arms.slice(1).map(({ name }) => name));
  const named = (role: string) => metrics.filter((metric) => metric.role === role).map(({ name }) => name);
  const [primary, guardrails] = [named('primary'), named('guardrail')];
  const harm = guardrails.length === 0 ? '' : `, without harm to ${list(guardrails)}`;
  if (kind === 'rollout' || primary.length === 0)
    return `Can ${variants} be served to everybody on ${pipeline}${harm}?`;
  const better = metrics.find(({ role }) => role === 'primary')?.better === 'lower' ? 'lower' : 'raise';
  return `Does ${variants} ${better} ${list(primary)} on ${pipeline}${harm}?`;
}

/** The recommendation to the person who decides; its reason is the first of the sentences. */
export function recommendationOf({ state, winner, experimentId }: ExperimentSummary): string {
  const variant = winner ?? 'the variant';
  switch (state) {
    case 'approving':
      return `Approve: roll out ${variant}.`;
    case 'running':
      return 'Wait: nothing is decided yet, and looking early costs nothing.';
    case 'paused':
      return 'Resume or abort: everybody is served the baseline, and nothing is decided.';
    case 'halted':
      return 'Do not roll out: the numbers cannot be trusted. Find out why, then abort.';
    case 'rolling':
      return `Nothing to do: ${variant} is being rolled out, and is taken back by itself where it does harm.`;
    case 'promoted':
      return `Nothing to do: ${variant} is served to everybody.`;
    case 'rolled_back':
      return `Keep the baseline: ${variant} was taken back.`;
    case 'inconclusive':
      return 'Keep the baseline: no gain was proven, which is not proof that there is none.';
    default:
      return `Nothing to decide: ${experimentId} has ended (${state.replaceAll('_', ' ')}).`;
  }
}

/** What an approval sets off, step by step. */
export function onApproval(
  { pipeline, winner }: ExperimentSummary,
  { rollout, unitName, share }: ExperimentDesign,
): readonly string[] {
  const variant = winner ?? 'the variant';
  const steps = rollout.steps.map(showPercent).join(' → ');
  return [
    `${variant} is served to ${steps} of the traffic outside the experiment’s share (${showPercent(share)}), which stays split to see harm.`,
    `Each step lasts at least ${showSpan(rollout.soakMs)}, and until ${rollout.unitsPerStep} more ${unitName}s have matured.`,
    'Where a guardrail is harmed beyond its margin, everybody gets the baseline again without anybody being asked.',
    `After the last step it is deployed as the new baseline of ${pipeline}; rolling ${pipeline} back takes that away again.`,
  ];
}

export function ratioText({ ratio: { p, haltsBelow, isOff, worst } }: Pick<AnalysisReport, 'ratio'>): string {
  if (p === null || worst === null) return 'The sample ratio is not known yet: nobody has been exposed.';
  if (!isOff)
    return `The sample ratio is fine: units arrive as planned (p = ${p.toPrecision(2)}; it halts below ${haltsBelow}).`;
  return `The sample ratio is off, of ${worst.of} units (p = ${worst.p.toPrecision(2)}): nothing is decided on such numbers.`;
}

/** Undefined where it is not known. */
export function exposureRatesText({ exposure, asked }: Pick<AnalysisReport, 'exposure' | 'asked'>): string | undefined {
  if (exposure === null) return undefined;
  const { arms, assigned, exposed, p, haltsBelow } = exposure;
  const parts = arms
    .map((arm, place) => `${arm} ${showWhole(exposed[place]!)} of ${showWhole(assigned[place]!)}`)
    .join(', ');
  const limit = `p = ${p.toPrecision(2)}; it halts below ${haltsBelow}`;
  return doRatesDiffer(p)
    ? `Exposure differs between arms: of the assigned ${asked.unitName}s were exposed ${parts} (${limit}).`
    : `All arms expose the same part of their ${asked.unitName}s: ${parts} (${limit}).`;
}

/**
 * `Users: 1,204 in baseline (1,100 with a value), … It has run for 3 days of at most 28 days, with 12 looks.` The limit is of
 * the test: a rollout goes on after it.
 */
export function exposureText(
  { state, startedAt, endedAt }: Pick<ExperimentSummary, 'state' | 'startedAt' | 'endedAt'>,
  { funnel, asked, lookNo, rollout }: Pick<AnalysisReport, 'funnel' | 'asked' | 'lookNo' | 'rollout'>,
  now: number,
): string {
  const parts = funnel.map(
    ({ arm, exposed, recorded }) => `${showWhole(exposed)} in ${arm} (${showWhole(recorded)} with a value)`,
  );
  const seconds = Math.max(1, Math.round(((endedAt ?? now) - startedAt) / 1_000));
  const lasted = showSpan(seconds * 1_000);
  const newest = rollout?.lookNo ?? lookNo;
  const looks = newest === null ? 'no look yet' : `${showWhole(newest)} ${newest === 1 ? 'look' : 'looks'}`;
  const unit = asked.unitName.charAt(0).toUpperCase() + asked.unitName.slice(1);
  const most = state === 'running' ? ` of at most ${showSpan(asked.stop.maxDurationMs)}` : '';
  return `${unit}s: ${parts.join(', ')}. It ${endedAt === null ? 'has run for' : 'ran for'} ${lasted}${most}, with ${looks}.`;
}

/** `Events of thumbs-up: 340 of 1,204 users in baseline had none in time, 3 came late; …` */
export const arrivalText = (
  metric: string,
  rows: readonly NamedArrival[],
  { unitName }: Pick<ExperimentDesign, 'unitName'>,
): string =>
  `Events of ${metric}: ${rows
    .map(
      ({ arm, silent, matured, late }) =>
        `${showWhole(silent)} of ${showWhole(matured)} ${unitName}s in ${arm} had none in time, ${showWhole(late)} came late`,
    )
    .join('; ')}.`;

/** What is wrong with the arrival of a metric's events in one arm; empty where nothing is. */
export const arrivalStatusText = ({ status, isUneven }: Pick<NamedArrival, 'status' | 'isUneven'>): string =>
  [
    ...(status === 'late' ? ['too many came late'] : []),
    ...(status === 'none' ? ['none arrived'] : []),
    ...(isUneven ? ['another rate than in the baseline'] : []),
  ].join(', ');

/** Above the steps that an approval sets off. */
export const approvalHeading = ({ state }: Pick<ExperimentSummary, 'state'>): string =>
  state === 'approving' ? 'What happens on approval' : 'What an approval would set off';

/** Of several variants the rows of the one that it is about. */
export const ownRows = <Row extends { readonly variant: string }>(
  table: readonly Row[],
  winner: string | null,
): readonly Row[] => table.filter(({ variant }) => winner === null || variant === winner);

/** The effect of a row with its interval, the same on all screens. */
export const effectText = ({ effect, interval, format }: EffectRow): string =>
  showEffect({ diff: effect, lo: interval?.[0] ?? null, hi: interval?.[1] ?? null }, format);

/** The status of a row in words. */
export function standsText({ status, margin, format, isExploratory, phase }: EffectRow): string {
  const limit = margin === null ? '' : formatDifference(margin, format);
  switch (status) {
    case 'proven':
      return `proven within ${limit}`;
    case 'harmed':
      return `harmed beyond ${limit}`;
    case 'unproven':
      // In a rollout nothing waits for a proof.
      return phase === 'rollout' ? `no harm seen (limit ${limit})` : `not proven yet (limit ${limit})`;
    case 'shown':
      return 'only shown';
    default:
      return isExploratory ? `${status}, exploratory` : status;
  }
}

/** Red for what is proven of what was declared beforehand. */
export const toneOf = ({ status, role }: Pick<EffectRow, 'status' | 'role'>): 'good' | 'harm' | 'open' => {
  if (status === 'harmed' || (status === 'worse' && role === 'primary')) return 'harm';
  return status === 'proven' || status === 'better' ? 'good' : 'open';
};

/** @param live whether it may still decide */
export function askedFacts(
  { asked, daysLeft }: Pick<AnalysisReport, 'asked' | 'daysLeft'>,
  live: boolean,
): readonly (readonly [name: string, text: string])[] {
  const { unitName, share, layer, arms, stop, rollout, breaker } = asked;
  return [
    ['Share', `${showPercent(share)} of all ${unitName}s${layer === null ? '' : `, in the layer ${layer}`}`],
    ['Arms', arms.map(({ name, weight }) => `${name} ${showPercent(weight)}`).join(' · ')],
    [
      'Decides',
      `after ${showSpan(stop.minDurationMs)} and ${showWhole(stop.minUnits)} ${unitName}s per arm at the earliest, ${showSpan(stop.maxDurationMs)} at the latest`,
    ],
    [
      'Looks',
      `every ${showSpan(stop.lookEveryMs)}, at a level of ${showPercent(stop.alpha)} over all of them (${stop.method.replace('_', ' ')})`,
    ],
    [
      'Breaker',
      `a variant is taken back at once where more than ${showPercent(breaker.ceiling)} of its runs fail within ${showSpan(breaker.windowMs)}`,
    ],
    ['Winner', rollout.approval === 'manual' ? 'waits for an approval' : 'is rolled out by itself'],
    ...(daysLeft !== null && live
      ? [['At this pace', `about ${showWhole(Math.ceil(daysLeft))} more days`] as const]
      : []),
  ];
}
