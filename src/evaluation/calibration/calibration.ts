/**
 * Whether a judge may decide anything: what it has said, in this version, of subjects that people have spoken of. Labels of
 * subjects that this version has not scored say nothing about it, so a change of its model, its prompt or its code leaves
 * it uncalibrated until it has scored them, too.
 */

import type { ScorerSpec } from '../../model/evaluation-spec.ts';
import { type JudgeFlaw, judgeFlaws } from '../../stats/judges.ts';
import type { Calibration } from '../compare/compared-metric.ts';
import { countsOf, cutOf, type Held, kappaOf } from './agreement.ts';
import type { Judgement } from './labelled.ts';
import { majorityOf, type Ratings, votesOf } from './ratings.ts';

export interface Measured {
  readonly scorer: Pick<ScorerSpec, 'id' | 'fields'>;
  readonly field: string;
  /** Of a metric that asks whether a score is above a threshold; else null. */
  readonly above: number | null;
}

/** Judge beside people, with the subjects on which people are divided: two of three would decide. */
export interface HeldAgainst {
  readonly held: readonly (Held & Pick<Judgement, 'variant'>)[];
  readonly ties: number;
}

/** @param judgements by one version of the scorer; where a subject comes again, the first counts */
export function holdAgainst(
  { scorer, field, above }: Measured,
  judgements: readonly Judgement[],
  ratings: Ratings,
): HeldAgainst {
  const own = ratings.get(scorer.id);
  const subjects = new Map<string, Judgement>();
  for (const judgement of judgements) if (!subjects.has(judgement.subject)) subjects.set(judgement.subject, judgement);
  const shape = (value: number): number => (above === null ? value : Number(value > above));
  let ties = 0;
  const held = [...subjects.values()].flatMap(({ subject, exampleId, variant, score }) => {
    const votes = votesOf(own?.get(subject), field).map(shape);
    const judge = score[field];
    if (judge === undefined || votes.length === 0) return [];
    const label = majorityOf(votes);
    if (label === null) ties += 1;
    return label === null ? [] : [Object.freeze({ judge: shape(judge), label, exampleId, variant })];
  });
  return { held, ties };
}

/** What tells its yes from its no. */
export const cutFor = ({ scorer, field, above }: Measured, held: readonly Held[]): number =>
  above === null ? cutOf(scorer.fields[field]!, held) : 0.5;

/** @param judgements by one version of the scorer, of this evaluation and of others */
export function calibrationOf(
  measured: Measured,
  judgements: readonly Judgement[],
  ratings: Ratings,
  more: readonly JudgeFlaw[] = [],
): Calibration {
  const { held } = holdAgainst(measured, judgements, ratings);
  if (held.length === 0) return UNLABELLED;
  const flaws = [...judgeFlaws(countsOf(held, cutFor(measured, held)), kappaOf(held)), ...more];
  const state = flaws.length === 0 ? 'calibrated' : 'uncalibrated';
  return Object.freeze({ state, labels: held.length, flaws: Object.freeze(flaws) });
}

const UNLABELLED: Calibration = Object.freeze({ state: 'uncalibrated', labels: 0, flaws: Object.freeze([]) });
