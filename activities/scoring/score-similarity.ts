/** How near an answer is to the expected one, by their vectors: under an index's own model, or one that is served. */
import { scoreSimilarity } from '../../pipelines/scoring-steps.ts';
import { cosine } from '../../src/embedding/cosine.ts';
import type { Vector } from '../../src/embedding/embedder.ts';
import type { TextSearch } from '../../src/embedding/text-search.ts';
import type { ConfigOf } from '../../src/index.ts';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { callOf, isLocal } from '../models.ts';
import type { Providers } from '../providers/providers.ts';
import { createEmbedderOf } from '../providers/served-embedders.ts';
import { withoutCitations } from '../text/normal-form.ts';
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
