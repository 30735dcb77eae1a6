/** From the names of sides to the sides: whose results they are, what they are called, and what they are made of. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { PlacedSide } from './comparable.ts';
import type { SideRef } from './input.ts';
import { COMPARE_LIMITS } from './limits.ts';
import type { Pairing } from './pairs.ts';
import type { ComparedSide } from './report.ts';
import type { Sheet } from './sheet.ts';

/** @throws SluiceError `sides_invalid`; those of `placeSide` */
export function placeSides(sheets: readonly Sheet[], sides: readonly SideRef[]): readonly PlacedSide[] {
  const placed = sides.map((side) => placeSide(sheets, side));
  const names = new Set(sides.map(({ evaluationId, variant }) => `${variant} ${evaluationId}`));
  if (sides.length >= 2 && names.size === sides.length && sides.length <= COMPARE_LIMITS.sides) return placed;
  throw new SluiceError('sides_invalid', {
    message: `${names.size} different sides of ${sides.length} were given to compare`,
    remedy: `give 2 to ${COMPARE_LIMITS.sides} sides, each once, the baseline first`,
    data: { sides: sides.map(({ evaluationId, variant }) => ({ evaluationId, variant })) },
  });
}

/** @throws SluiceError `variant_unknown`, `evaluation_unknown` */
export function placeSide(sheets: readonly Sheet[], { evaluationId, variant }: SideRef): PlacedSide {
  const sheet = sheets.find(({ facts }) => facts.evaluationId === evaluationId);
  if (sheet === undefined) {
    const known = sheets.map(({ facts }) => facts.evaluationId);
    throw new SluiceError('evaluation_unknown', {
      message: `the results of evaluation '${evaluationId}' were not given`,
      remedy: suggest(evaluationId, known, 'read its rows into a sheet first'),
    });
  }
  const { variants } = sheet.facts.spec;
  if (Number.isInteger(variant) && variant >= 0 && variant < variants.length) return { evaluationId, variant, sheet };
  throw new SluiceError('variant_unknown', {
    message: `evaluation '${evaluationId}' has no variant ${variant}`,
    remedy: `it has ${variants.map(({ name }, place) => `${place} (${name})`).join(', ')}`,
  });
}

/** As each is shown: its variant's name, and its evaluation's where two would be called alike. */
export function labelsOf(sides: readonly PlacedSide[]): readonly string[] {
  const names = sides.map(({ sheet, variant }) => {
    const { spec } = sheet.facts;
    const { name } = spec.variants[variant]!;
    return spec.mode === 'aa' && variant > 0 ? `${name} again` : name;
  });
  const isAlone = (name: string): boolean => names.filter((other) => other === name).length === 1;
  return names.map((name, place) => (isAlone(name) ? name : `${name} of ${sides[place]!.evaluationId}`));
}

export function describeSide(
  { sheet, evaluationId, variant }: PlacedSide,
  label: string,
  pairing?: Pairing,
): ComparedSide {
  const { facts } = sheet;
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
    runs: sheet.runs(variant),
    examples: Object.freeze({ common: left.length, onlyBaseline, onlySide, changed }),
  });
}

const ITSELF = { onlyBaseline: 0, onlySide: 0, changed: 0 } as const;
