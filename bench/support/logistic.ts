/**
 * Rules that tell two classes apart by a few signs, and how well they do on what they were not fitted on: logistic
 * regression with a ridge, and repeated cross-validation that keeps the examples of one cluster in one fold.
 */
import { createHash } from 'node:crypto';

export interface Example {
  /** Examples of one cluster resemble each other: they are never on both sides. */
  readonly cluster: string;
  readonly positive: boolean;
  readonly signs: { readonly [name: string]: number };
}

export interface Rule {
  readonly bias: number;
  readonly weights: { readonly [name: string]: number };
  /** The log odds of being positive, were both classes as frequent. */
  score(example: Example): number;
}

export interface Validated {
  /** The area under the curve of the scores outside of the fit: 0.5 is chance. */
  readonly area: number;
  readonly points: readonly { readonly declined: number; readonly wrongly: number }[];
}

const RIDGE = 1;
const STEPS = 600;
const FOLDS = 10;
const REPEATS = 5;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const logistic = (score: number) => 1 / (1 + Math.exp(-score));

/** By gradient descent on standardised signs; both classes weigh the same. */
export function fitLogistic(examples: readonly Example[], names: readonly string[]): Rule {
  const columns = names.map((name) => examples.map(({ signs }) => signs[name]!));
  const means = columns.map(mean);
  const spreads = columns.map((values, j) => Math.sqrt(mean(values.map((value) => (value - means[j]!) ** 2))) || 1);
  const standard = columns.map((values, j) => values.map((value) => (value - means[j]!) / spreads[j]!));
  const positives = examples.filter(({ positive }) => positive).length;
  const weightOf = ({ positive }: Example) =>
    examples.length / 2 / (positive ? positives : examples.length - positives);
  let bias = 0;
  let slopes = names.map(() => 0);
  for (let step = 0; step < STEPS; step += 1) {
    const errors = examples.map((example, i) => {
      const likelihood = logistic(bias + sum(slopes.map((slope, j) => slope * standard[j]![i]!)));
      return (likelihood - (example.positive ? 1 : 0)) * weightOf(example);
    });
    const rate = 2 / examples.length;
    bias -= rate * sum(errors);
    slopes = slopes.map(
      (slope, j) => slope - rate * (RIDGE * slope + sum(errors.map((error, i) => error * standard[j]![i]!))),
    );
  }
  const weights = Object.fromEntries(names.map((name, j) => [name, slopes[j]! / spreads[j]!]));
  const shifted = bias - sum(names.map((name, j) => weights[name]! * means[j]!));
  return {
    bias: shifted,
    weights,
    score: ({ signs }) => shifted + sum(names.map((name) => weights[name]! * signs[name]!)),
  };
}

/**
 * @param wrongly shares of the positives that may score below the threshold; it is chosen where the rule is fitted, and
 * the points say what it does in the fold that was left out
 */
export function crossValidate(
  examples: readonly Example[],
  names: readonly string[],
  wrongly: readonly number[],
): Validated {
  const areas: number[] = [];
  const below = wrongly.map(() => ({ positive: 0, negative: 0 }));
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const foldOf = ({ cluster }: Example) =>
      createHash('sha256').update(`${repeat}${cluster}`).digest().readUInt32BE() % FOLDS;
    const scored: { readonly positive: boolean; readonly score: number }[] = [];
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const kept = examples.filter((example) => foldOf(example) !== fold);
      const rule = fitLogistic(kept, names);
      const fitted = kept
        .filter(({ positive }) => positive)
        .map(rule.score)
        .sort((one, other) => one - other);
      for (const example of examples.filter((each) => foldOf(each) === fold)) {
        const score = rule.score(example);
        scored.push({ positive: example.positive, score });
        for (const [index, share] of wrongly.entries())
          if (score < fitted[Math.floor(fitted.length * share)]!)
            below[index]![example.positive ? 'positive' : 'negative'] += 1;
      }
    }
    areas.push(areaUnder(scored));
  }
  const positives = examples.filter(({ positive }) => positive).length;
  return {
    area: mean(areas),
    points: below.map(({ positive, negative }) => ({
      declined: negative / REPEATS / (examples.length - positives),
      wrongly: positive / REPEATS / positives,
    })),
  };
}

/** How often a positive scores above a negative; ties count half. */
function areaUnder(scored: readonly { readonly positive: boolean; readonly score: number }[]): number {
  const negatives = scored.filter(({ positive }) => !positive);
  const wins = scored
    .filter(({ positive }) => positive)
    .map((one) => mean(negatives.map(({ score }) => (one.score > score ? 1 : one.score === score ? 0.5 : 0))));
  return mean(wins);
}
