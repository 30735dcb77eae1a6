/** Resolves the names of a comparison's sides to evaluations, variants and their descriptions. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { MetricSource, MetricSpec } from '../../model/evaluation-spec.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { COMPARE_LIMITS, type ComparedSide, type MetricSide, type SideRef } from './comparison-report.ts';
import type { PairedColumns, Pairing } from './pairs.ts';
import type { ScoreMatrix } from './score-matrix.ts';

/** @throws SluiceError `sides_invalid`; those of `placeSide` */
export function placeSides(matrices: readonly ScoreMatrix[], sides: readonly SideRef[]): readonly PlacedSide[] {
  const placed = sides.map((side) => placeSide(matrices, side));
  const names = new Set(sides.map(({ evaluationId, variant }) => `${variant} ${evaluationId}`));
  if (sides.length >= 2 && names.size === sides.length && sides.length <= COMPARE_LIMITS.sides) return placed;
  throw new SluiceError('sides_invalid', {
    message: `${names.size} different sides of ${sides.length} were given to compare`,
    remedy: `give 2 to ${COMPARE_LIMITS.sides} sides, each once, the baseline first`,
    data: { sides: sides.map(({ evaluationId, variant }) => ({ evaluationId, variant })) },
  });
}

/** @throws SluiceError `variant_unknown`, `evaluation_unknown` */
export function placeSide(matrices: readonly ScoreMatrix[], { evaluationId, variant }: SideRef): PlacedSide {
  const matrix = matrices.find(({ facts }) => facts.evaluationId === evaluationId);
  if (matrix === undefined) {
    const known = matrices.map(({ facts }) => facts.evaluationId);
    throw new SluiceError('evaluation_unknown', {
      message: `the results of evaluation '${evaluationId}' were not given`,
      remedy: suggest(evaluationId, known, 'read its rows into a matrix first'),
    });
  }
  const { variants } = matrix.facts.spec;
  if (Number.isInteger(variant) && variant >= 0 && variant < variants.length) return { evaluationId, variant, matrix };
  throw new SluiceError('variant_unknown', {
    message: `evaluation '${evaluationId}' has no variant ${variant}`,
    remedy: `it has ${variants.map(({ name }, place) => `${place} (${name})`).join(', ')}`,
  });
}

/** As each is shown: its variant's name, and its evaluation's where two would be called alike. */
export function labelsOf(sides: readonly PlacedSide[]): readonly string[] {
  const names = sides.map(({ matrix, variant }) => {
    const { spec } = matrix.facts;
    const { name } = spec.variants[variant]!;
    return spec.mode === 'aa' && variant > 0 ? `${name} again` : name;
  });
  const isAlone = (name: string): boolean => names.filter((other) => other === name).length === 1;
  return names.map((name, place) => (isAlone(name) ? name : `${name} of ${sides[place]!.evaluationId}`));
}

export function describeSide(
  { matrix, evaluationId, variant }: PlacedSide,
  label: string,
  pairing?: Pairing,
): ComparedSide {
  const { facts } = matrix;
  const { spec, pins, state } = facts;
  const { left, onlyBaseline, onlySide, changed } = pairing ?? { ...ITSELF, left: facts.examples };
  return Object.freeze({
    evaluationId,
    name: facts.name,
    mode: spec.mode,
    variant,
    label,
    pipeline: spec.pipeline,
    planId: spec.variants[variant]!.planId,
    state,
    dataset: spec.dataset,
    snapshots: pins?.snapshots ?? {},
    repeats: spec.repeats,
    runs: matrix.runs(variant),
    examples: Object.freeze({ common: left.length, onlyBaseline, onlySide, changed }),
  });
}

const ITSELF = { onlyBaseline: 0, onlySide: 0, changed: 0 } as const;

/** A named evaluation, or one variant of it. */
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

/** Whether a metric of two sides is the same thing at all, before any number is looked at. */
export interface PlacedSide extends SideRef {
  readonly matrix: ScoreMatrix;
}

export type Comparable = { readonly columns: PairedColumns } | { readonly why: NonNullable<MetricSide['why']> };

/** The metric's columns on both sides, or why they may not be compared. */
export function comparable(metric: MetricSpec, baseline: PlacedSide, side: PlacedSide): Comparable {
  const [left, right] = [baseline, side].map(({ matrix, variant }) => matrix.column(variant, metric.name));
  const lacking = left === undefined ? baseline : right === undefined ? side : undefined;
  if (lacking !== undefined) return not('not_measured', `${lacking.evaluationId} does not have it`);
  const differs = definitionDiffers(left!.metric, right!.metric);
  if (differs !== null) {
    return not(
      'defined_differently',
      `it has another ${differs} in ${side.evaluationId} than in ${baseline.evaluationId}`,
    );
  }
  const scorer = scorerOf(metric);
  if (scorer !== null && scorerChanged(scorer, baseline.matrix, side.matrix)) {
    return not(
      'scorer_versions',
      `scorer '${scorer}' is not the same in ${baseline.evaluationId} and ${side.evaluationId}`,
    );
  }
  if (metric.kind !== 'win-rate') return { columns: { metric, left: left!, right: right! } };
  if (baseline.evaluationId !== side.evaluationId || baseline.variant !== 0) {
    return not('no_common_run', `${side.evaluationId} has it against its own baseline, which is not this one`);
  }
  return { columns: { metric, left: null, right: right! } };
}

const not = (code: NonNullable<MetricSide['why']>['code'], words: string): Comparable => ({
  why: Object.freeze({ code, words }),
});

/** Null: it is of the run itself. */
export const scorerOf = ({ source }: Pick<MetricSpec, 'source'>): string | null =>
  source.from === 'score' ? source.scorer : null;

/** Whether the scorer's version differs; unknown when neither evaluation has begun. */
export function scorerChanged(scorer: string, one: ScoreMatrix, other: ScoreMatrix): boolean {
  if (one === other) return false;
  const version = one.facts.pins?.scorerVersions[scorer];
  return version === undefined || version !== other.facts.pins?.scorerVersions[scorer];
}

/** What of a metric is not the same; null where it means the same. */
export function definitionDiffers(one: MetricSpec, other: MetricSpec): string | null {
  if (one.kind !== other.kind) return 'kind';
  if (sourceOf(one.source) !== sourceOf(other.source)) return 'source';
  if (one.above !== other.above) return 'threshold';
  return one.better === other.better ? null : 'direction';
}

const sourceOf = (source: MetricSource): string =>
  source.from === 'run' ? `run ${source.field}` : `score ${source.scorer} ${source.field}`;
