/** The functions behind the steps, bound to what they depend on. A step of your own is added to this list. */

import type { Implemented } from '../boundary/implement.ts';
import type { Providers } from '../models/providers.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import { createTextSearch } from '../retrieval/text-search.ts';
import type { Store } from '../store/store.ts';
import { declineLocal } from './decline.ts';
import { createEnhanceSteps } from './enhance.ts';
import { createGenerate } from './generate.ts';
import { createRerank } from './rerank.ts';
import { createRetrievalSteps } from './retrieval.ts';
import { createScoringSteps } from './scoring/implementations.ts';
import { createValidate } from './validate.ts';

export interface StepDependencies {
  readonly store: Pick<Store, 'search' | 'vectors' | 'vectorSearch'>;
  readonly providers: Providers;
  /** Finds embedding models by name; default: those that run here. */
  readonly embedderOf?: EmbedderOf;
}

export function createActivities({ store, providers, embedderOf }: StepDependencies): readonly Implemented[] {
  // One for all: it keeps models of up to 50 MB.
  const textSearch = createTextSearch(store, embedderOf);
  return [
    ...createEnhanceSteps(providers),
    ...createRetrievalSteps({ store, textSearch }),
    createRerank(providers),
    createGenerate(providers),
    createValidate(providers),
    ...createScoringSteps({ providers, textSearch }),
    declineLocal,
  ];
}
