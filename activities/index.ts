/** The functions behind the steps, bound to what they depend on. A step of your own is added to this list. */
import type { Implemented } from './boundary/implement.ts';
import { declineLocal } from './decline.ts';
import { createEnhanceSteps } from './enhance.ts';
import { createGenerate } from './generate.ts';
import type { Providers } from './providers/providers.ts';
import { createRerank } from './rerank.ts';
import { createRetrievalSteps, type RetrievalDependencies } from './retrieval.ts';
import { createValidate } from './validate.ts';

export interface StepDependencies extends RetrievalDependencies {
  readonly providers: Providers;
}

export function createActivities({ store, providers, embedderOf }: StepDependencies): readonly Implemented[] {
  return [
    ...createEnhanceSteps(providers),
    ...createRetrievalSteps({ store, ...(embedderOf && { embedderOf }) }),
    createRerank(providers),
    createGenerate(providers),
    createValidate(providers),
    declineLocal,
  ];
}
