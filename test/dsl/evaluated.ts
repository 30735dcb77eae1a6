/**
 * The support assistant under evaluation: a scorer of every kind, and one evaluation of all of them. Tests share it.
 */
import { z } from 'zod';
import {
  defineDataset,
  defineEvaluation,
  defineHumanScorer,
  definePairScorer,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
} from '../../src/index.ts';
import { imagined, judge, Passage, Passages, Question, relatedPages, supportBot, wide } from './example.ts';

const policy = { attempts: 2, timeout: '20 seconds' } as const;

export const questions = defineDataset('support-questions', {
  input: Question,
  expected: z.object({ citations: z.array(z.string()), note: z.string().optional() }),
  source: 'datasets/support-questions.jsonl',
});

export const citesExpected = defineStep('citesExpected', {
  version: 1,
  input: z.object({ citations: z.array(z.string()), wanted: z.array(z.string()), note: z.string().optional() }),
  output: z.object({ recall: z.number().min(0).max(1), whole: z.boolean(), because: z.string() }),
  effect: 'none',
  policy,
});
/** Counts without a bound: less is better, and no more is known of it. */
export const countWords = defineStep('countWords', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: z.object({ words: z.int(), sentences: z.int() }),
  effect: 'none',
  policy,
});
const rankWell = defineStep('rankWell', {
  version: 1,
  input: z.object({ passages: z.array(Passage), grades: z.record(z.string(), z.number()) }),
  output: z.object({ ndcg: z.number().min(0).max(1) }),
  config: z.object({ k: z.int().default(10) }),
  effect: 'none',
  policy,
});
export const judgePair = defineStep('judgePair', {
  version: 1,
  input: z.object({ question: z.string(), first: z.string(), second: z.string() }),
  output: z.object({ winner: z.enum(['first', 'second', 'tie']), because: z.string() }),
  config: z.object({ model: z.string().default('local/words') }),
  effect: 'read',
  policy,
});

export const grounded = defineScorer(
  'grounded',
  { pipeline: supportBot },
  judge,
  ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }),
  { judge: true, config: { threshold: 0.5 }, scores: { score: { worst: 0, best: 1 } } },
);
export const cites = defineScorer(
  'cites',
  { pipeline: supportBot, dataset: questions },
  citesExpected,
  ({ output, expected }) => ({ citations: output.citations, wanted: expected.citations, note: expected.note }),
);
export const ranking = defineScorer(
  'ranking',
  { pipeline: supportBot, dataset: questions },
  rankWell,
  ({ ranked, relevant }) => ({ passages: ranked.passages, grades: relevant }),
);
export const short = defineScorer(
  'short',
  { pipeline: supportBot },
  countWords,
  ({ output }) => ({ text: output.text }),
  { scores: { words: { better: 'lower', worst: 1_000, best: null }, sentences: 'detail' } },
);
export const preferred = definePairScorer(
  'preferred',
  { pipeline: supportBot },
  judgePair,
  ({ input, first, second }) => ({
    question: input.question,
    first: first.output.text,
    second: second.output.text,
  }),
  { judge: true },
);
export const helpful = defineHumanScorer(
  'helpful',
  { pipeline: supportBot },
  {
    question: 'Would this answer have helped the person who asked?',
    fields: z.object({ solved: z.boolean(), clarity: z.int().min(1).max(5), tone: z.enum(['warm', 'plain', 'rude']) }),
  },
  ({ input, output, ranked }) => ({ question: input.question, answer: output.text, pages: [ranked.passages] }),
);

export const beforeRelease = defineEvaluation('before-release', {
  pipeline: supportBot,
  dataset: questions,
  variants: [imagined, wide],
  scorers: [grounded, cites, ranking, short, preferred, helpful],
  metrics: ({ score, run }) => ({
    primary: [
      metric.mean('recall', score(cites).recall).increase({ minimumEffect: 0.03 }),
      metric.mean('words', score(short).words).decrease(),
    ],
    guardrails: [
      metric.rate('grounded', score(grounded).passed).noWorseThan(0.02),
      metric.mean('cost-per-answer', run.costUsd).noWorseThan(0.001),
    ],
    secondary: [
      metric.winRate('preferred', score(preferred)),
      metric.share('slow', run.latencyMs, { above: 5_000 }).observe(),
    ],
  }),
  limits: { costUsd: 20 },
});

// ---------------------------------------------------------------- of another pipeline

/** Its node `related` is a name for what another pipeline wires to its output. */
export const pagesOnly = definePipeline('pages-only', Question)
  .use('related', relatedPages, ({ input }) => ({ about: input.question }))
  .output(Passages, ({ related }) => ({ passages: related.passages }));

export const found = defineScorer(
  'found',
  { pipeline: pagesOnly, dataset: questions },
  rankWell,
  ({ related, relevant }) => ({ passages: related.passages, grades: relevant }),
  { config: { k: 5 } },
);
