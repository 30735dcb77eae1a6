/** The functions behind the steps, bound to what they depend on. A step of your own is added to this list. */
import { type Implemented, implement } from '../boundary/implement.ts';
import { citationOf, placeName } from '../extractive/terms.ts';
import type { Providers } from '../models/providers.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import { createTextSearch } from '../retrieval/search.ts';
import type { Store } from '../store/store.ts';
import { createEnhanceSteps } from './enhance.ts';
import { createGenerate } from './generate.ts';
import { createRerank, createRetrievalSteps } from './retrieval.ts';
import {
  createJudgeAnswer,
  createJudgePair,
  createScoreGroundedness,
  createScoreSimilarity,
  type SimilarityDependencies,
  scoreAnswerLocal,
  scoreCitationsLocal,
  scoreRankingLocal,
  scoreRefusalLocal,
} from './score-functions.ts';
import { decline } from './steps.ts';
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

/** Says that the documents do not answer, and which of their pages come closest: a reader can still look there. */
const MAX_RELATED = 3;

export const declineLocal = implement(decline, ({ passages }) => {
  const pages = [...new Map(passages.map((passage) => [passage.title ?? passage.id, passage])).values()];
  const related = pages.slice(0, MAX_RELATED);
  const citations = related.map((passage, index) => citationOf(passage, index + 1));
  if (related.length === 0)
    return { text: 'The documents do not say: nothing in them matches the question.', citations };
  const lines = related.map((passage, index) => `- ${placeName(passage)} [${index + 1}]`);
  return { text: `The documents do not answer this. What comes closest:\n\n${lines.join('\n')}`, citations };
});

/** The functions behind the steps that scorers are made of. */
export function createScoringSteps(dependencies: SimilarityDependencies): readonly Implemented[] {
  const { providers } = dependencies;
  return [
    scoreRankingLocal,
    scoreAnswerLocal,
    createScoreSimilarity(dependencies),
    scoreCitationsLocal,
    createScoreGroundedness(providers),
    scoreRefusalLocal,
    createJudgeAnswer(providers),
    createJudgePair(providers),
  ];
}
