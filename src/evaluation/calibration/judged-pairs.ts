/** Examples on two sides, as a metric has them and as people would: what effects are corrected from. */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { EVEN, exampleMean, type PairedColumns, type Pairing } from '../compare/pairs.ts';
import type { Column } from '../compare/sheet.ts';
import type { Labelled, Subject } from './labelled.ts';
import { meanOf, votesOf } from './ratings.ts';

/** A variant of an evaluation beside its labels. */
export interface LabelledSide {
  readonly labelled: Labelled;
  readonly variant: number;
}

export interface JudgedSide {
  readonly score: number;
  /** Of people, the mean over raters; null where nobody has spoken. */
  readonly label: number | null;
  /** Nobody had to judge it: its run failed, or it is what a baseline is to itself. The score is the truth. */
  readonly isKnown: boolean;
}

export interface JudgedPair {
  readonly baseline: JudgedSide;
  readonly variant: JudgedSide;
  /** There is nothing to judge: the same answer on both sides, or none on either. The difference is 0, whoever looks. */
  readonly isSame: boolean;
  /** Pairs of one cluster are not independent. */
  readonly cluster: number;
}

/** Of the pairs that have both scores. */
export function judgedPairs(
  pairing: Pairing,
  { metric, left, right }: PairedColumns,
  baseline: LabelledSide,
  side: LabelledSide,
): readonly JudgedPair[] {
  const [ofBaseline, ofSide] = [readerOf(metric, left, baseline), readerOf(metric, right, side)];
  return pairing.left.flatMap((place, pair): JudgedPair[] => {
    const [one, other] = [ofBaseline(place), ofSide(pairing.right[pair]!)];
    if (Number.isNaN(one.score) || Number.isNaN(other.score)) return [];
    const cluster = pairing.clusters?.[pair] ?? pair;
    return [{ baseline: one, variant: other, isSame: areSame(one.subjects, other.subjects), cluster }];
  });
}

interface Read extends JudgedSide {
  /** One per repeat. */
  readonly subjects: readonly Subject[];
}

const BY_DEFINITION: Read = { score: EVEN, label: EVEN, isKnown: true, subjects: [] };

function readerOf(metric: MetricSpec, column: Column | null, side: LabelledSide): (example: number) => Read {
  if (column === null || metric.source.from !== 'score') return () => BY_DEFINITION;
  const { scorer, field } = metric.source;
  const subjects = side.labelled.subjects(scorer, side.variant) ?? [];
  const ratings = side.labelled.ratings.get(scorer);
  const { values, repeats } = column;
  const shape = (vote: number): number => (metric.kind === 'share' ? Number(vote > (metric.above ?? 0)) : vote);
  /** Undefined: nobody has said. */
  const labelAt = (at: number): number | undefined => {
    const subject = subjects[at];
    if (subject === null) return values[at]!;
    const votes = subject === undefined ? [] : votesOf(ratings?.get(subject), field).map(shape);
    return votes.length === 0 ? undefined : meanOf(votes);
  };
  return (example) => {
    const places = Array.from({ length: repeats }, (_, repeat) => example * repeats + repeat);
    const scored = places.filter((at) => !Number.isNaN(values[at]));
    const labels = scored.map(labelAt).filter((label) => label !== undefined);
    return {
      score: exampleMean(column, example),
      // Half of an example's repeats would not be what its score is the mean of.
      label: labels.length > 0 && labels.length === scored.length ? meanOf(labels) : null,
      isKnown: scored.every((at) => subjects[at] === null),
      subjects: places.map((at) => subjects[at]),
    };
  };
}

const areSame = (one: readonly Subject[], other: readonly Subject[]): boolean =>
  one.length > 0 &&
  one.length === other.length &&
  one.every((subject, repeat) => subject !== undefined && subject === other[repeat]);
