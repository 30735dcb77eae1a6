/** What every search holds a caller to, whatever it searches by. */
import { SluiceError } from '../base/errors.ts';

export interface SearchLimits {
  /** Queries at once. */
  readonly queries: number;
  /** Hits per query. */
  readonly top: number;
}

/** @throws SluiceError `top_invalid`, `queries_too_many` */
export function checkCounts(queries: number, top: number, limits: SearchLimits): void {
  if (!Number.isInteger(top) || top < 1 || top > limits.top)
    throw new SluiceError('top_invalid', {
      message: `${top} hits per query were asked for`,
      remedy: `ask for 1 to ${limits.top}`,
    });
  if (queries > limits.queries)
    throw new SluiceError('queries_too_many', {
      message: `${queries} queries were given at once`,
      remedy: `give at most ${limits.queries} at a time`,
    });
}
