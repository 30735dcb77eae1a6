/**
 * Which scorers are judges: those whose step asks a served model, by the config key that names models. A model's verdict is
 * a measurement with an error that only people can tell; what is computed from the answer says what it says.
 */
import type { ScorerSpec } from '../spec.ts';

/** Algorithms of the project itself. */
const LOCAL = 'local/';

/** The served model that a scorer's verdicts are from; null where it asks none. */
export function judgeModel({ call }: Pick<ScorerSpec, 'call'>): string | null {
  const config = call?.config;
  if (typeof config !== 'object' || config === null || !('model' in config)) return null;
  const { model } = config;
  return typeof model === 'string' && !model.startsWith(LOCAL) ? model : null;
}

export const isJudge = (scorer: Pick<ScorerSpec, 'call'>): boolean => judgeModel(scorer) !== null;
