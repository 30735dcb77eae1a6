/** The sides of a comparison, from the evaluations, or variants of them, that somebody named. */
import { SluiceError } from '../../base/errors.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { SideRef } from './input.ts';
import { COMPARE_LIMITS } from './limits.ts';

export interface ChosenEvaluation {
  readonly row: EvaluationRow;
  /** Place of the variant that was named. */
  readonly variant: number | undefined;
}

/**
 * The sides of a comparison. Of one evaluation its variants, or the one that was named, against its baseline. Of several
 * the first's baseline, or the variant that was named, against those of the others.
 *
 * @throws SluiceError `sides_invalid` above `COMPARE_LIMITS.sides`, before anything is read of them
 */
export function sidesOf([first, ...others]: readonly ChosenEvaluation[]): readonly SideRef[] {
  if (first === undefined) return [];
  const isAlone = others.length === 0;
  const baseline = sideOf(first.row, isAlone ? 0 : (first.variant ?? 0));
  const sides = (isAlone ? [first] : others).flatMap(({ row, variant }) =>
    placesOf(row, isAlone && variant === 0 ? undefined : variant).map((place) => sideOf(row, place)),
  );
  const chosen = [baseline, ...sides];
  if (chosen.length > COMPARE_LIMITS.sides) throw tooMany(chosen.length);
  return chosen;

  /** Where none is named, all but those that are the baseline once more, unless nothing else is there. */
  function placesOf(row: EvaluationRow, variant: number | undefined): readonly number[] {
    if (variant !== undefined) return [variant];
    const places = row.spec.variants.map((_, place) => place).filter((place) => !isSame(sideOf(row, place), baseline));
    const planId = first!.row.spec.variants[baseline.variant]?.planId;
    const different = places.filter((place) => row.spec.variants[place]!.planId !== planId);
    return different.length > 0 ? different : places;
  }
}

const tooMany = (sides: number): SluiceError =>
  new SluiceError('sides_invalid', {
    message: `${sides} sides were given to compare`,
    remedy: `give at most ${COMPARE_LIMITS.sides}, the baseline included: name the variants that are meant, as ID:variant`,
    data: { sides },
  });

const sideOf = ({ evaluationId }: EvaluationRow, variant: number): SideRef => ({ evaluationId, variant });

const isSame = (one: SideRef, other: SideRef): boolean =>
  one.evaluationId === other.evaluationId && one.variant === other.variant;
