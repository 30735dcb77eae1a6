/** Sides by the names that addresses and commands know them by. */
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';

export type Side = Comparison['report']['sides'][number];

/** A label has its evaluation's id behind it where two would be called alike. */
function variantOf({ evaluationId, label, mode, variant }: Side): string {
  const name = label.replace(` of ${evaluationId}`, '');
  return mode === 'aa' && variant > 0 ? name.replace(/ again$/, '') : name;
}

/** `ID:variant`. */
export const refOf = (side: Side): string => `${side.evaluationId}:${variantOf(side)}`;

/** `docs-bot:hybrid`; the first variant is the pipeline as it is. */
const askedOf = (side: Side): string =>
  side.variant === 0 || side.mode === 'aa' ? side.pipeline : `${side.pipeline}:${variantOf(side)}`;

/** Where both may be asked. */
export const playgroundPath = (first: Side, second: Side): string =>
  `/playground?${new URLSearchParams({ one: askedOf(first), other: askedOf(second) })}`;
