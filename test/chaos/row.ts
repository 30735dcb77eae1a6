/** A row of the chaos table: one thing that goes wrong, played on real processes and answered in figures. */
import type { Figure } from './figures.ts';
import type { Place } from './place.ts';

export interface Row {
  /** `R1`, `R2`, and so on. */
  readonly id: string;
  /** What goes wrong in it. */
  readonly title: string;
  /** How long it may take; default 400 s, for what hangs. */
  readonly limitMs?: number;
  readonly play: (place: Place) => Promise<readonly Figure[]>;
}

/** Activities that must be in flight whenever something is killed. */
export const IN_FLIGHT = 8;
