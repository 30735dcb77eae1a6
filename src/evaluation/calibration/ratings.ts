/**
 * What several people said of one subject. Tables of agreement need one answer: that of most raters, and where no answer
 * has most, none. Effects are of means over raters, which leave nothing out: subjects that people disagree on are not like
 * the others. Where somebody has decided between raters, the decision is all that was said of the subject.
 */
import type { Label } from '../../store/evaluations.ts';

/** Of the scorers of one evaluation, by id and subject. */
export type Ratings = ReadonlyMap<string, ReadonlyMap<string, readonly Label[]>>;

export function ratingsOf(labels: readonly Label[]): Ratings {
  const byScorer = Map.groupBy(labels, ({ scorer }) => scorer);
  return new Map([...byScorer].map(([scorer, own]) => [scorer, Map.groupBy(own, ({ subject }) => subject)]));
}

/** What counts of what was said of one subject: the decision where there is one, else what each rater says. */
function standing(labels: readonly Label[]): readonly Label[] {
  const decided = labels.filter(({ isFinal }) => isFinal);
  return decided.length > 0 ? decided : labels;
}

/** Of one subject, what stands in one field: truth values as 1 and 0; texts are no scores. */
export function votesOf(labels: readonly Label[] | undefined, field: string): readonly number[] {
  return standing(labels ?? []).flatMap(({ value }) => {
    const given = value[field];
    return typeof given === 'string' || given === undefined ? [] : [Number(given)];
  });
}

/** The answer that more raters gave than any other; null where there is no such one. */
export function majorityOf(votes: readonly number[]): number | null {
  const counts = [...Map.groupBy(votes, (vote) => vote)].map(([vote, { length }]) => ({ vote, length }));
  const most = Math.max(0, ...counts.map(({ length }) => length));
  const first = counts.filter(({ length }) => length === most);
  return first.length === 1 ? first[0]!.vote : null;
}

export const meanOf = (votes: readonly number[]): number => votes.reduce((sum, vote) => sum + vote, 0) / votes.length;
