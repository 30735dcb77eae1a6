/** The functions behind the steps that scorers are made of. */
import type { Implemented } from '../../boundary/implement.ts';
import { createJudgeAnswer } from './judge-answer.ts';
import { createJudgePair } from './judge-pair.ts';
import { scoreAnswerLocal } from './score-answer.ts';
import { scoreCitationsLocal } from './score-citations.ts';
import { createScoreGroundedness } from './score-groundedness.ts';
import { scoreRankingLocal } from './score-ranking.ts';
import { scoreRefusalLocal } from './score-refusal.ts';
import { createScoreSimilarity, type SimilarityDependencies } from './score-similarity.ts';

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
