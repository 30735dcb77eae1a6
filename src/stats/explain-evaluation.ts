/** The words for offline evaluations. `explain` is the way to them. */
import { isDatasetWorn } from './compare-scores.ts';
import type {
  EvaluationGateReport,
  EvaluationReport,
  ExplainedEffect,
  GateFinding,
  GuardrailReport,
  NeededFor,
  NoiseReport,
} from './explained-report.ts';
import { caveats, formatDifference, formatRange, formatSigned, formatValue, levelOf, plural } from './format-value.ts';

export const evaluationSentences = (report: EvaluationReport): readonly string[] => [
  evaluationSentence(report),
  ...evaluationBasis(report),
];

function evaluationSentence(report: EvaluationReport): string {
  const { verdict, baseline, variant, metric, format, alpha, effect, corrected, mde } = report;
  const show = (value: number | null): string => formatSigned(value, format);
  // The estimate that labels correct comes first, and the scores' own after it: a verdict needs both.
  const lead = corrected ?? effect;
  const size = formatDifference(lead.diff, format);
  const range = `${levelOf(alpha)} interval ${formatRange(lead.lo, lead.hi, format)}`;
  const interval =
    corrected === null
      ? range
      : `by the labels ${show(corrected.diff)}, ${range}; by the scores alone ${show(effect.diff)}, ${formatRange(effect.lo, effect.hi, format)}`;
  switch (verdict) {
    case 'better':
      return `${variant} beats ${baseline} on ${metric} by ${size} (${interval}).`;
    case 'worse':
      return `${variant} is worse than ${baseline} on ${metric} by ${size} (${interval}).`;
    case 'equivalent':
      return `${variant} and ${baseline} are equivalent on ${metric}: any difference is within ${show(mde)} (${interval}).`;
    case 'inconclusive':
      return `No difference proven between ${variant} and ${baseline} on ${metric} (${interval})${amongOthers(report)}.${neededWords(report)}`;
    case null:
      return `No verdict on ${metric}: ${report.why ?? 'the numbers are missing'}.${neededWords(report)}`;
  }
}

type Needed = Pick<EvaluationReport, 'nNeeded' | 'neededFor' | 'format'>;

function neededWords({ nNeeded, neededFor, format }: Needed): string {
  if (nNeeded === null || neededFor === null) return '';
  const { effect, isDeclared } = neededFor;
  const seen = isDeclared ? '' : ', the one seen here';
  return ` About ${sizeWords(nNeeded, neededFor)} would be needed to see a difference of ${formatDifference(effect, format)}${seen}${designWords(neededFor)}.`;
}

const sizeWords = (examples: number, { clusters }: Pick<NeededFor, 'clusters'>): string =>
  clusters === null ? plural(examples, 'example') : `${plural(clusters, 'cluster')} (${plural(examples, 'example')})`;

const designWords = ({ designEffect }: NeededFor): string =>
  designEffect === null ? '' : ` (design effect of clusters ${formatValue(designEffect, 'number')})`;

/** An interval without 0 next to "not proven" needs its reason at once. */
function amongOthers({ effect, corrected, adjusted }: EvaluationReport): string {
  const isClear = ({ lo, hi }: ExplainedEffect): boolean => (lo !== null && lo > 0) || (hi !== null && hi < 0);
  if (corrected !== null && isClear(corrected) && !isClear(effect))
    return ': clear by the labels, but not by the scores, and a verdict needs both';
  return isClear(effect) && (corrected === null || isClear(corrected)) && adjusted !== null && adjusted.tests > 1
    ? `: clear by itself, but not as one of ${adjusted.tests} tests`
    : '';
}

function evaluationBasis(report: EvaluationReport): readonly string[] {
  const { format, bounds, failed, adjusted, corrected } = report;
  const range = ({ lo, hi }: { lo: number | null; hi: number | null }): string => formatRange(lo, hi, format);
  return [
    `${plural(report.examples, 'example')}, ${report.missing} missing.`,
    ...(report.inapplicable === 0
      ? []
      : [`${plural(report.inapplicable, 'example')} beside them with nothing to score.`]),
    ...(bounds === null ? [] : [`Whatever is missing, the effect on these examples is from ${range(bounds)}.`]),
    ...(failed === 0 ? [] : [`${plural(failed, 'score')} of runs that failed count as the worst.`]),
    ...(adjusted !== null && adjusted.tests > 1
      ? [`One of ${adjusted.tests} tests: decided by ${METHODS[adjusted.method]}, the interval stands for itself.`]
      : []),
    ...(corrected?.isPooled !== true
      ? []
      : ['The labels of both variants are pooled: what the judge does to one variant alone is not corrected.']),
    ...(isDatasetWorn(report.comparisons)
      ? [
          `Comparison ${report.comparisons} on this dataset: confirm on ${report.hasFinal ? 'its final split' : 'new examples'}.`,
        ]
      : []),
    ...caveats(report),
  ];
}

const METHODS = { holm: "Holm's method", bh: "Benjamini and Hochberg's method" } as const;

export function guardrailSentences(report: GuardrailReport): readonly string[] {
  const { metric, variant, format, lo, hi, margin, nNeeded, neededFor, examples, why, corrected } = report;
  const show = (value: number): string => formatDifference(value, format);
  const allowed = `${show(margin)} allowed`;
  const bound = (alpha: number): string => `one-sided ${levelOf(alpha)} bound`;
  const more =
    nNeeded === null || neededFor === null
      ? ''
      : ` About ${sizeWords(nNeeded, neededFor)} would prove at most ${formatDifference(margin, format)} worse if there is no harm${designWords(neededFor)}.`;
  const sentence = (): string => {
    if (corrected !== null && why === null && !report.isIdentical) return correctedGuardrail(report, corrected) + more;
    if (report.status === 'harmed')
      return `${variant} harms ${metric}: at least ${show(lo ?? 0)} worse, ${allowed} (${bound(report.loAlpha)}).`;
    if (report.status === 'unproven') {
      if (why !== null || hi === null)
        return `${variant} is not proven harmless to ${metric}: ${why ?? 'the numbers are missing'}.${more}`;
      return `${variant} is not proven harmless to ${metric}: it may be ${show(hi)} worse, ${allowed} (${bound(report.hiAlpha)}).${more}`;
    }
    if (report.isIdentical) return `${variant} is harmless to ${metric}: the same in all ${plural(examples, 'pair')}.`;
    if (hi !== null && hi < 0)
      return `${variant} is harmless to ${metric}: at least ${show(hi)} better (${bound(report.hiAlpha)}).`;
    return `${variant} is harmless to ${metric}: at most ${show(hi ?? 0)} worse, ${allowed} (${bound(report.hiAlpha)}).`;
  };
  return [sentence(), ...caveats({ isExploratory: false, judge: report.judge })];
}

/** The bounds by the labels first, then those of the scores alone: a status needs both. */
function correctedGuardrail(report: GuardrailReport, corrected: NonNullable<GuardrailReport['corrected']>): string {
  const { status, metric, variant, format, margin, lo, hi } = report;
  const show = (value: number | null): string => formatDifference(value, format);
  const least = (harm: number | null): string =>
    harm !== null && harm < 0 ? `at most ${show(harm)} better` : `at least ${show(harm)} worse`;
  const most = (harm: number | null): string =>
    harm !== null && harm < 0 ? `at least ${show(harm)} better` : `at most ${show(harm)} worse`;
  const isHarmed = status === 'harmed';
  const [what, byLabels, byScores, alpha] = isHarmed
    ? [`${variant} harms ${metric}`, least(corrected.lo), least(lo), report.loAlpha]
    : [
        status === 'proven' ? `${variant} is harmless to ${metric}` : `${variant} is not proven harmless to ${metric}`,
        most(corrected.hi),
        most(hi),
        report.hiAlpha,
      ];
  return `${what}: by the labels ${byLabels}, ${show(margin)} allowed (${levelOf(corrected.alpha)} interval); by the scores alone ${byScores} (one-sided ${levelOf(alpha)} bound).`;
}

export function gateSentences(report: EvaluationGateReport): readonly string[] {
  const { status, baseline, variants, changes } = report;
  if (status === 'tampered') {
    return [
      'Tampered: what was locked before the first evaluation has changed since.',
      ...changes.map((change) => `${change}.`),
    ];
  }
  const words = { passed: 'Passed', failed: 'Failed', inconclusive: 'Inconclusive' } as const;
  return [
    `${words[status]}: ${variants.map(({ variant, status: own }) => `${variant} ${words[own].toLowerCase()}`).join(', ')} against ${baseline}.`,
    ...variants.map(variantSentence),
  ];
}

/** A gate that does not pass although a metric is better needs its reason in the same sentence. */
function variantSentence({ variant, status, findings }: EvaluationGateReport['variants'][number]): string {
  const isGood = ({ code }: GateFinding): boolean => code === 'better' || code === 'proven';
  const better = findings.filter(({ code }) => code === 'better');
  const against = findings.filter((finding) => !isGood(finding));
  if (status === 'passed' || better.length === 0 || against.length === 0)
    return `${variant}: ${findings.map(findingClause).join('; ')}.`;
  const proven = findings.filter(({ code }) => code === 'proven').map((finding) => `; ${findingClause(finding)}`);
  const outcome = status === 'failed' ? 'fails' : 'stays inconclusive';
  return `${variant} is ${better.map(findingClause).join(' and ')}, but the gate ${outcome} because ${against.map(findingClause).join(' and ')}${proven.join('')}.`;
}

function findingClause({ code, metric, why }: GateFinding): string {
  switch (code) {
    case 'better':
      return `better on ${metric}`;
    case 'worse':
      return `worse on ${metric}`;
    case 'harmed':
      return `${metric} is harmed beyond its margin`;
    case 'proven':
      return `${metric} is proven harmless`;
    case 'unproven':
      return `${metric} is not proven harmless`;
    case 'none_better':
      return 'better on no primary metric';
    case 'no_verdict':
      return `no verdict on ${metric} (${why ?? 'the numbers are missing'})`;
    case 'uncalibrated':
      return `the judge behind ${metric} is not calibrated, and decides nothing`;
    case 'nothing_declared':
      return 'no primary metric and no guardrail is declared, so there is nothing to pass';
  }
}

export function noiseSentences(report: NoiseReport): readonly string[] {
  const { metric, format, alpha, examples, effect, differing, why } = report;
  const show = (value: number | null): string => formatSigned(value, format);
  if (why !== null) return [`Nothing can be told of ${metric}: ${why}.`];
  const isDeterministic = differing === 0;
  const isBiased = effect.lo !== null && effect.hi !== null && (effect.lo > 0 || effect.hi < 0);
  const seen = report.seen.filter(({ mde }) => mde !== null);
  return [
    isDeterministic
      ? `${metric} is the same both times in all ${plural(examples, 'example')}: any difference between variants is theirs.`
      : `${metric} differs between equal runs in ${formatValue(differing, 'share')} of ${plural(examples, 'example')}, by ${show(effect.diff)} on average (${levelOf(alpha)} interval ${formatRange(effect.lo, effect.hi, format)}).`,
    ...(isBiased
      ? [
          `Two equal sides differ: chance does that in ${formatValue(alpha, 'share')} of evaluations, or something else than the variant changed between them.`,
        ]
      : []),
    ...seen.map(
      ({ correlation, mde, nNeeded, clusters }) =>
        `${correlation === null ? 'If variants differ by such noise alone' : `If their scores correlate by ${correlation}`}, ${plural(examples, 'example')} see a difference of ${show(mde)} in ${formatValue(report.power, 'share')} of evaluations${nNeeded === null || report.declared === null ? '' : `; ${show(report.declared)} takes ${sizeWords(nNeeded, { clusters })}`}.`,
    ),
  ];
}
