/** How near an answer is to the expected one, by their vectors: under an index's own model, or one that is served. */

import { type Implemented, implement, type StepContext } from '../../boundary/implement.ts';
import { withoutCitations } from '../../extractive/normal-form.ts';
import type { ConfigOf } from '../../index.ts';
import type { Providers } from '../../models/providers.ts';
import { createEmbedderOf } from '../../models/served-embedders.ts';
import { cosine } from '../../retrieval/cosine.ts';
import type { Vector } from '../../retrieval/embedder.ts';
import type { TextSearch } from '../../retrieval/text-search.ts';
import { callOf, isLocal } from '../models.ts';
import { scoreSimilarity } from '../scoring-steps.ts';
import { cannotScore } from './cannot-score.ts';

export interface SimilarityDependencies {
  readonly providers: Providers;
  readonly textSearch: Pick<TextSearch, 'embed'>;
}

export function createScoreSimilarity(dependencies: SimilarityDependencies): Implemented {
  return implement(scoreSimilarity, async ({ answer, expected = '' }, context) => {
    if (expected.trim() === '') throw cannotScore('no_expected');
    const [said, wanted] = await embed(dependencies, [withoutCitations(answer), expected], context);
    if (wanted === undefined) throw cannotScore('no_vector');
    return { similarity: Math.min(1, Math.max(0, cosine(said, wanted))) };
  });
}

function embed(
  { providers, textSearch }: SimilarityDependencies,
  texts: readonly string[],
  context: StepContext<ConfigOf<typeof scoreSimilarity>>,
): Promise<readonly Vector[]> {
  const { model, index, snapshot } = context.config;
  const call = callOf(context);
  if (isLocal(model)) return textSearch.embed(index, texts, { model, snapshot, call });
  // A served model was fitted to nothing: its name says all.
  return createEmbedderOf(providers)(model).restore(model, new Uint8Array()).embedQueries(texts, call);
}
