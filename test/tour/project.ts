/**
 * What the tour works on: the documentation bot, first as somebody might begin with it, on few pages, and what is tried
 * against that. Windows and looks are as short as an impatient visitor.
 */
import { z } from 'zod';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { aiDocs } from '../../pipelines/questions.ts';
import {
  defineEvaluation,
  defineExperiment,
  defineHumanScorer,
  definePairScorer,
  defineScorer,
  metric,
} from '../../src/index.ts';
import { judgeAnswer, judgePair, scoreCitations, scoreRanking } from '../../src/steps/scoring-steps.ts';

export const FEW_PAGES = 'few-pages';
export const ALL_PAGES = 'ai-docs';

/** What is deployed first: it has read the first chapters alone. */
export const starter = docsBot.variant('starter', (edit) =>
  edit.configure('vector', { index: FEW_PAGES, topK: 20 }).configure('keyword', { index: FEW_PAGES, topK: 20 }),
);
/** What should win: the same bot on all pages. */
const allPages = docsBot.variant('all-pages', (edit) =>
  edit.configure('vector', { index: ALL_PAGES, topK: 20 }).configure('keyword', { index: ALL_PAGES, topK: 20 }),
);
/** And one whose draft sees a single passage. */
const onePassage = docsBot.variant('one-passage', (edit) =>
  edit
    .configure('vector', { index: ALL_PAGES, topK: 20 })
    .configure('keyword', { index: ALL_PAGES, topK: 20 })
    .configure('ranked', { topN: 1 }),
);

const on = { pipeline: docsBot, dataset: aiDocs } as const;

const ranking = defineScorer(
  'ranking',
  on,
  scoreRanking,
  ({ fused, relevant }) => ({ passages: fused.passages, relevant }),
  { config: { k: 10 } },
);
const citations = defineScorer('citations', on, scoreCitations, ({ output, fused, relevant }) => ({
  citations: output.citations,
  passages: fused.passages,
  relevant,
}));
const judged = defineScorer(
  'judged',
  on,
  judgeAnswer,
  ({ input, output, expected, ranked }) => ({
    question: input.question,
    answer: output.text,
    expected: expected.answer,
    passages: ranked.passages,
  }),
  { judge: true },
);
const preferred = definePairScorer(
  'preferred',
  on,
  judgePair,
  ({ input, first, second, expected }) => ({
    question: input.question,
    first: first.output.text,
    second: second.output.text,
    expected: expected.answer,
  }),
  { judge: true },
);
const helpful = defineHumanScorer(
  'helpful',
  on,
  {
    question: 'Would this answer have solved the problem of the person who asked?',
    fields: z.object({
      solved: z.boolean().describe('They could stop looking'),
      clarity: z.int().min(1).max(5).describe('1: a riddle, 5: at once'),
      lacks: z.enum(['nothing', 'steps', 'code', 'sources']).describe('What it lacks most'),
    }),
  },
  ({ input, output }) => ({ question: input.question, answer: output.text, citations: output.citations }),
);

const release = defineEvaluation('release', {
  ...on,
  baseline: starter,
  variants: [allPages, onePassage],
  scorers: [ranking, citations, judged, preferred, helpful],
  metrics: ({ score, run }) => ({
    primary: [metric.rate('correct', score(judged).correct).increase({ minimumEffect: 0.05 })],
    guardrails: [metric.mean('cost', run.costUsd).noWorseThan(0.002)],
    secondary: [
      metric.mean('recall', score(ranking).recall),
      metric.mean('latency', run.latencyMs),
      metric.winRate('preferred', score(preferred)),
    ],
  }),
  limits: { costUsd: 5 },
});

const readAllPages = defineExperiment('read-all-pages', {
  pipeline: docsBot,
  variants: [allPages],
  traffic: { share: 0.9, weights: { baseline: 0.5, 'all-pages': 0.5 } },
  metrics: ({ run, feedback }) => ({
    primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: 0.2 })],
    guardrails: [metric.rate('failed', run.failed).noWorseThan(0.15)],
  }),
  // An answer takes up to 10 seconds on a busy machine, and feedback that comes after its window decides nothing.
  windows: { run: '5 seconds', feedback: '20 seconds' },
  stop: { minDuration: '5 seconds', maxDuration: '15 minutes', lookEvery: '1 second', grace: '500 ms' },
  rollout: { steps: [0.5, 1], soak: '2 seconds', unitsPerStep: 10, approval: 'manual' },
});

export const pipelines = [docsBot, starter, allPages, onePassage];
export const datasets = [aiDocs];
export const evaluations = [release];
export const experiments = [readAllPages];
