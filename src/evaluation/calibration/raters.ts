/** How far people agree among themselves: a judge can hardly agree with them more than they do. */
import { krippendorff } from '../../stats/agreement.ts';
import type { Label } from '../../store/evaluations.ts';
import { votesOf } from './ratings.ts';

export interface RaterAgreement {
  readonly raters: readonly string[];
  /** Subjects that at least two of them have labelled. */
  readonly shared: number;
  /** Krippendorff's: of yes and no as names, of grades by distance. Null where all say the same, or nothing is shared. */
  readonly alpha: number | null;
}

/** @param subjects labels of one scorer, by subject; decisions between raters are no rater's */
export function raterAgreement(
  subjects: readonly (readonly Label[])[],
  field: string,
  isBinary: boolean,
): RaterAgreement {
  const given = subjects.map((labels) =>
    labels.filter((label) => !label.isFinal && votesOf([label], field).length > 0),
  );
  const raters = [...new Set(given.flat().map(({ rater }) => rater))].sort();
  const shared = given.filter(({ length }) => length >= 2);
  const places = new Map(raters.map((rater, place) => [rater, place]));
  const rows = raters.map(() => new Array<number | null>(shared.length).fill(null));
  for (const [place, labels] of shared.entries())
    for (const label of labels) rows[places.get(label.rater)!]![place] = votesOf([label], field)[0]!;
  const { alpha } = krippendorff(rows, isBinary ? 'nominal' : 'interval');
  return Object.freeze({ raters: Object.freeze(raters), shared: shared.length, alpha });
}
