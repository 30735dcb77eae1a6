/** The functions behind the steps, bound to what they depend on. A step of your own is added to this list. */
import type { Implemented } from './boundary/implement.ts';
import { declineLocal } from './decline.ts';
import { enhanceQueryLocal } from './enhance.ts';
import { generateExtractive } from './generate.ts';
import { createRetrievalSteps, type RetrievalDependencies } from './retrieval.ts';
import { validateLexical } from './validate.ts';

export function createActivities(dependencies: RetrievalDependencies): readonly Implemented[] {
  return [enhanceQueryLocal, ...createRetrievalSteps(dependencies), generateExtractive, validateLexical, declineLocal];
}
