/**
 * The package's steps (`sluice/steps`): contracts with their schemas and prompts, to be placed in pipelines. The functions
 * behind them are in the same folder; only workers load those.
 */
export * from '../model/step-schemas.ts';
export { enhanceQuery, generate, hydeQuery, rerank, validate } from './model-steps.ts';
export {
  CRITERIA,
  ENHANCE,
  fillPrompt,
  GENERATE,
  HYDE,
  JUDGE_ANSWER,
  JUDGE_PAIR,
  NO_ANSWER,
  prompt,
  RERANK,
  REVISE,
  VALIDATE,
  VERDICTS,
} from './prompts.ts';
export {
  judgeAnswer,
  judgePair,
  scoreAnswer,
  scoreCitations,
  scoreGroundedness,
  scoreRanking,
  scoreRefusal,
  scoreSimilarity,
} from './scoring-steps.ts';
export { decline, fuse, keepOrder, keywordSearch, vectorSearch } from './steps.ts';
