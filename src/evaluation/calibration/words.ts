/** The words for what labels say of a scorer: whether it may decide, why not, and what would change that. */
import { formatValue } from '../../stats/explain.ts';
import { type JudgeFlaw, MIN_JUDGE_POWER, MIN_KAPPA, MIN_LABELS, MIN_LABELS_PER_CLASS } from '../../stats/judges.ts';
import { MIN_LABELLED_PAIRS } from './corrected-effect.ts';
import type { FieldReport, VariantErrors } from './judge-report.ts';
import { BIAS_ALPHA } from './variant-bias.ts';

type Numbers = Omit<FieldReport, 'sentences'>;

/** The verdict first, then what it rests on and what is doubtful. */
export function fieldSentences(report: Numbers, { isJudge }: { readonly isJudge: boolean }): readonly string[] {
  const { ties } = report;
  return Object.freeze([
    ...(isJudge ? [gateSentence(report)] : []),
    ...report.variants.flatMap((errors) => biasSentence(errors, report)),
    ...(report.sampling?.isDoubtful ? [samplingSentence(report)] : []),
    ...(ties === 0
      ? []
      : [`People are divided on ${counted(ties, 'answer')}, in no table: one more rater would decide.`]),
    ...neededSentence(report),
  ]);
}

function gateSentence(report: Numbers): string {
  const { field, calibration, kappa } = report;
  if (calibration.state === 'calibrated')
    return `It may gate on ${field}: ${counted(calibration.labels, 'label')}, kappa ${short(kappa.value)}.`;
  if (calibration.labels === 0) return `It may not gate on ${field}: nothing that this version has scored has a label.`;
  return `It may not gate on ${field}: ${calibration.flaws.map((flaw) => flawClause(flaw, report)).join('; ')}.`;
}

function flawClause(flaw: JudgeFlaw, { agreement, kappa, variants, calibration }: Numbers): string {
  const [yes, no] = [agreement?.sensitivity.of ?? 0, agreement?.specificity.of ?? 0];
  switch (flaw) {
    case 'few_labels':
      return `${counted(calibration.labels, 'label')}, ${MIN_LABELS} are needed`;
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
      const names = variants.filter(isBiased).map(({ name }) => name);
      return `its error is not the same on ${names.join(', ')} as on ${variants[0]!.name}, and fewer than ${MIN_LABELLED_PAIRS} examples have labels on both`;
    }
  }
}

const isBiased = ({ bias }: VariantErrors): boolean => bias !== null && bias.p < BIAS_ALPHA;

function biasSentence(errors: VariantErrors, { variants, format }: Numbers): readonly string[] {
  const { bias, name, pairs } = errors;
  if (bias === null || !isBiased(errors)) return [];
  const show = (value: number | null): string => formatValue(value, format);
  const way = bias.value! > 0 ? 'favours' : 'is hard on';
  const how = bias.value! > 0 ? 'higher' : 'lower';
  const what =
    pairs >= MIN_LABELLED_PAIRS
      ? `${pairs} examples have labels on both, which correct effects between the two`
      : `one calibration for both does not hold: label examples on both sides`;
  return [
    `It ${way} ${name}: beside people it scores it ${show(Math.abs(bias.value!))} ${how} than ${variants[0]!.name} (95% interval ${show(bias.lo)} to ${show(bias.hi)}); ${what}.`,
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
  return [`About ${needed.toLocaleString('en')} labels on random answers would have enough of each.`];
}

const counted = (count: number, one: string): string => `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
const share = (value: number | null): string => formatValue(value, 'share');
/** Two digits behind the point. */
const short = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(2));
