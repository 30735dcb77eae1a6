/**
 * Units as search attributes show them: everybody who may look at the Temporal UI sees those, so they are not who they stand
 * for. The same unit has the same one, for whoever has the key.
 */
import { createHmac } from 'node:crypto';

const SHOWN_DIGITS = 16;

export type HideUnit = (unit: string) => Promise<string>;

/** @param key of the project, as its workers and callers share it */
export function createHideUnit(key: () => Promise<string>): HideUnit {
  return async (unit) =>
    createHmac('sha256', await key())
      .update(`unit\0${unit}`)
      .digest('hex')
      .slice(0, SHOWN_DIGITS);
}
