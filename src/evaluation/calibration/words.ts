/** The words for what labels say of a scorer: whether it may decide, why not, and what would change that. */
import { count, showWhole } from '../../base/format.ts';
import { formatDifference, formatRange, formatValue } from '../../stats/format-value.ts';
import { type JudgeFlaw, MIN_JUDGE_POWER, MIN_KAPPA, MIN_LABELS, MIN_LABELS_PER_CLASS } from '../../stats/judges.ts';
import type { Calibration } from '../compare/comparison-report.ts';
import { BIAS_ALPHA } from './agreement.ts';
import { MIN_LABELLED_PAIRS } from './correct-metric.ts';
import type { FieldReport, VariantErrors } from './judge-report.ts';

type Numbers = Omit<FieldReport, 'sentences' | 'remedy'>;

/** The verdict first, then what it rests on and what is doubtful. */
export function fieldSentences(report: Numbers, { isJudge }: { readonly isJudge: boolean }): readonly string[] {
  const { ties } = report;
  return Object.freeze([
    ...(isJudge ? [gateSentence(report)] : []),
    ...report.variants.flatMap((errors) => biasSentence(errors, report)),
    ...(report.sampling?.isDoubtful ? [samplingSentence(report)] : []),
    ...(ties === 0
      ? []
      : [`People are divided on ${count(ties, 'answer')}, in no table: one more rater would decide.`]),
    ...neededSentence(report),
  ]);
}

/**
 * What leads to a calibration: labels where they are lacking, and else another judge. The export draws whole examples, so its
 * labels are on both sides.
 */
export function calibrationRemedy(
  { state, labels, flaws }: Calibration,
  { evaluationId, scorer }: { readonly evaluationId: string; readonly scorer: string },
): string | null {
  if (state === 'calibrated') return null;
  const lacksLabels = labels === 0 || flaws.some((flaw) => CURED_BY_LABELS.has(flaw));
  const exported = `sluice judge export ${evaluationId} --scorer ${scorer}${labels === 0 ? '' : ' --unlabelled'} --out labels.csv`;
  return lacksLabels ? `label answers: ${exported}` : 'change its model or its prompt: more labels will not help';
}

const CURED_BY_LABELS: ReadonlySet<JudgeFlaw> = new Set([
  ...(['few_labels', 'few_labels_in_a_class', 'favours_a_variant'] as const),
]);

/** Why a judge may not gate, without the numbers that a field's report has. */
export function calibrationWords({ labels, flaws }: Calibration): string {
  if (labels === 0) return 'nothing that this version has scored has a label';
  return flaws.map((flaw) => BRIEF[flaw](labels)).join('; ');
}

const BRIEF: { readonly [flaw in JudgeFlaw]: (labels: number) => string } = {
  few_labels: (labels) => `${count(labels, 'label')}, ${MIN_LABELS} are needed`,
  few_labels_in_a_class: () => `people say yes or no to fewer than ${MIN_LABELS_PER_CLASS}`,
  low_agreement: () => `its kappa with people is below ${MIN_KAPPA}`,
  low_power: () => `it says yes hardly more often where people do than where they do not`,
  favours_a_variant: () =>
    `its error differs between the variants, and labels on both sides of at least ${MIN_LABELLED_PAIRS} clusters are needed to correct that`,
};

function gateSentence(report: Numbers): string {
  const { calibration, kappa } = report;
  const field = fieldName(report);
  if (calibration.state === 'calibrated')
    return `It may gate on ${field}: ${count(calibration.labels, 'label')}, kappa ${short(kappa.value)}.`;
  if (calibration.labels === 0) return `It may not gate on ${field}: nothing that this version has scored has a label.`;
  return `It may not gate on ${field}: ${calibration.flaws.map((flaw) => flawClause(flaw, report)).join('; ')}.`;
}

function flawClause(flaw: JudgeFlaw, { agreement, kappa, variants, calibration }: Numbers): string {
  const [yes, no] = [agreement?.sensitivity.of ?? 0, agreement?.specificity.of ?? 0];
  switch (flaw) {
    case 'few_labels':
      return `${count(calibration.labels, 'label')}, ${MIN_LABELS} are needed`;
    case 'few_labels_in_a_class':
      return `people say yes to ${yes} and no to ${no}, and ${MIN_LABELS_PER_CLASS} of each are needed`;
    case 'low_agreement':
      return kappa.value === null
        ? 'everybody always says the same, so agreement beyond chance cannot be told'
        : `kappa is ${short(kappa.value)}, ${MIN_KAPPA} is needed`;
    case 'low_power':
      return yes === 0 || no === 0
        ? 'one kind of error cannot be told'
        : `it says yes to ${share(agreement!.sensitivity.value)} of what people say yes to and to ${share(1 - agreement!.specificity.value!)} of the rest, which must be ${share(MIN_JUDGE_POWER)} apart`;
    case 'favours_a_variant': {
      const names = variants.filter((errors) => isBiased(errors) && !errors.isCorrected).map(({ name }) => name);
      return `its error is not the same on ${names.join(', ')} as on ${variants[0]!.name}, and fewer than ${MIN_LABELLED_PAIRS} clusters of examples have labels on both`;
    }
  }
}

/** `correct`, or `score above 0.6`. */
export const fieldName = ({ field, above }: Pick<FieldReport, 'field' | 'above'>): string =>
  above === null ? field : `${field} above ${above}`;

const isBiased = ({ bias }: VariantErrors): boolean => bias !== null && bias.p < BIAS_ALPHA;

function biasSentence(errors: VariantErrors, { variants, format }: Numbers): readonly string[] {
  const { bias, name, clusters, isCorrected } = errors;
  if (bias === null || !isBiased(errors)) return [];
  const way = bias.value! > 0 ? 'favours' : 'is hard on';
  const how = bias.value! > 0 ? 'higher' : 'lower';
  const what =
    clusters >= MIN_LABELLED_PAIRS
      ? `${clusters} clusters of examples have labels on both, which correct effects between the two`
      : isCorrected
        ? 'its error rates on either correct effects between the two'
        : `one calibration for both does not hold: ${count(clusters, 'cluster')} of examples have labels on both, ${MIN_LABELLED_PAIRS} are needed`;
  return [
    `It ${way} ${name}: beside people it scores it ${formatDifference(bias.value, format)} ${how} than ${variants[0]!.name} (95% interval ${formatRange(bias.lo, bias.hi, format)}); ${what}.`,
  ];
}

function samplingSentence({ sampling, format }: Numbers): string {
  const [labelled, others] = [sampling!.labelled, sampling!.others].map((value) => formatValue(value, format));
  return `What has labels is not like the rest (it scores ${labelled} there and ${others} elsewhere): where labels are on answers that somebody chose, corrected effects do not hold.`;
}

/** As many labels at random as would have enough of either class. */
function neededSentence({ calibration, agreement }: Numbers): readonly string[] {
  if (agreement === null || !calibration.flaws.includes('few_labels_in_a_class')) return [];
  const least = Math.min(agreement.sensitivity.of, agreement.specificity.of);
  if (least === 0) return [];
  const needed = Math.max(MIN_LABELS, Math.ceil((agreement.n * MIN_LABELS_PER_CLASS) / least));
  return [`About ${showWhole(needed)} labels on random answers would have enough of each.`];
}

const share = (value: number | null): string => formatValue(value, 'share');
/** Two digits behind the point. */
const short = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(2));
