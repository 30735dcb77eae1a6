/**
 * Which scorers are judges: those that say so. A judge's verdict is a measurement with an error that only people can tell;
 * what is computed from the answer says what it says.
 */
import type { ScorerSpec } from './evaluation-spec.ts';

/** Algorithms of the project itself. */
const LOCAL = 'local/';

/** The served model that its config names, by the key that names models; null where there is none. */
export function judgeModel({ call }: Pick<ScorerSpec, 'call'>): string | null {
  const config = call?.config;
  if (typeof config !== 'object' || config === null || !('model' in config)) return null;
  const { model } = config;
  return typeof model === 'string' && !model.startsWith(LOCAL) ? model : null;
}

/** Specs that were stored before scorers had to say so: those that ask a served model. */
export const isJudge = (scorer: Pick<ScorerSpec, 'call' | 'judge'>): boolean =>
  scorer.judge ?? judgeModel(scorer) !== null;
