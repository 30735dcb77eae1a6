/**
 * The package's steps (`sluice/steps`): contracts with their schemas and prompts, to be placed in pipelines. The functions
 * behind them are in the same folder; only workers load those.
 */
export * from '../model/step-schemas.ts';
export { CRITERIA, JUDGE_ANSWER, JUDGE_PAIR, VERDICTS } from './judge-prompts.ts';
export { judgeAnswer, judgePair } from './judge-steps.ts';
export { enhanceQuery, generate, hydeQuery, rerank, validate } from './model-steps.ts';
export { ENHANCE, fillPrompt, GENERATE, HYDE, NO_ANSWER, prompt, RERANK, REVISE, VALIDATE } from './prompts.ts';
export {
  scoreAnswer,
  scoreCitations,
  scoreGroundedness,
  scoreRanking,
  scoreRefusal,
  scoreSimilarity,
} from './scoring-steps.ts';
export { decline, fuse, keepOrder, keywordSearch, vectorSearch } from './steps.ts';
