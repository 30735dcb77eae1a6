/** Evaluations made of scores, and compared. */
import { type CompareInput, compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import type {
  ComparisonReport,
  EvaluationFacts,
  ExampleInfo,
  SideRef,
} from '../../../src/evaluation/compare/comparison-report.ts';
import { createScoreMatrix, type ScoreMatrix } from '../../../src/evaluation/compare/score-matrix.ts';
import type { Cell, RunFacts } from '../../../src/model/evaluation-result.ts';
import type { MetricSpec } from '../../../src/model/evaluation-spec.ts';
import {
  done,
  examplesOf,
  factsOf,
  failed,
  inapplicable,
  metricOf,
  missing,
  RUN,
  rowOf,
  type SpecParts,
  specOf,
} from './make.ts';

/** A metric with a scorer of its own, by the same name. */
export const scored = (name: string, change: Partial<MetricSpec> = {}): MetricSpec =>
  metricOf(name, { source: { from: 'score', scorer: name, field: 'score' }, ...change });

/** What one cell of a scored metric is: a score (of a pair: with its flip), or a hole, or a failed run's. */
export type Given = number | { readonly win: number; readonly flipped: number } | 'missing' | 'failed' | 'inapplicable';

export interface Made extends Omit<SpecParts, 'variants'> {
  readonly variants?: readonly string[];
  /** By metric, variant and example; where repeats are asked for, lists of them. */
  readonly scores: { readonly [metric: string]: readonly (readonly (Given | readonly Given[])[])[] };
  readonly examples?: (place: number) => Partial<ExampleInfo>;
  readonly run?: (place: number, variant: number) => Partial<RunFacts>;
  readonly facts?: Partial<EvaluationFacts>;
}

/** An evaluation whose results are these; as many examples and variants as the scores have. */
export function madeSheet(made: Made): ScoreMatrix {
  const { metrics, scores, examples, run = () => ({}), facts = {}, change = {} } = made;
  const given = Object.values(scores);
  const sides = given[0]!.length;
  const count = given[0]![0]!.length;
  const variants = made.variants ?? ['baseline', 'variant', 'other', 'last'].slice(0, sides);
  const dataset = { name: 'questions', version: 'd'.repeat(64), split: 'dev', tag: null, examples: count } as const;
  const scorers = made.scorers === undefined ? {} : { scorers: made.scorers };
  const spec = specOf({ metrics, variants, ...scorers, change: { dataset, ...change } });
  const matrix = createScoreMatrix(factsOf({ spec, examples: examplesOf(count, examples), ...facts }));
  for (let variant = 0; variant < sides; variant += 1) {
    for (let place = 0; place < count; place += 1) {
      for (let repeat = 1; repeat <= spec.repeats; repeat += 1) {
        const cells = Object.entries(scores).map(([name, of]) => [name, cellOf(of[variant]![place]!, repeat)]);
        const parts = { repeat, cells: Object.fromEntries(cells), run: { ...RUN, ...run(place, variant) } };
        matrix.add(rowOf(place, variant, parts));
      }
    }
  }
  return matrix;
}

function cellOf(given: Given | readonly Given[], repeat: number): Cell {
  if (given === 'missing') return missing();
  if (given === 'failed') return failed();
  if (given === 'inapplicable') return inapplicable();
  if (typeof given === 'number') return done({ score: given });
  return 'win' in given ? done({ score: given.win, flipped: given.flipped }) : cellOf(given[repeat - 1]!, 1);
}

/** The sides of an evaluation, its baseline first. */
export const sidesOf = ({ facts }: ScoreMatrix): readonly SideRef[] =>
  facts.spec.variants.map((_, variant) => ({ evaluationId: facts.evaluationId, variant }));

/** All variants of one evaluation against its baseline. */
export const compareMade = (made: Made, more: Partial<CompareInput> = {}): ComparisonReport => {
  const matrix = madeSheet(made);
  return compareEvaluations({ matrices: [matrix], sides: sidesOf(matrix), comparisons: 1, ...more });
};

export const times = (count: number, value: Given): Given[] => new Array<Given>(count).fill(value);
