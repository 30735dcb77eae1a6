/** What answers are judged by, before a variant of the bot may be released. */
import { defineEvaluation, definePairScorer, defineScorer, metric } from '../src/index.ts';
import { judgeAnswer, judgePair, scoreCitations, scoreRanking, scoreRefusal } from '../src/steps/index.ts';
import { docsBot, listwise, local, narrow } from './docs-bot.ts';
import { aiDocs } from './questions.ts';

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

const refusal = defineScorer(
  'refusal',
  on,
  scoreRefusal,
  ({ output, expected }) => ({ answered: output.answered, answerable: expected.answerable }),
  { scores: { declined: 'detail', wronglyDeclined: { better: 'lower' }, wronglyAnswered: { better: 'lower' } } },
);

/** By words, so that it needs no key: how much of the expected answer is there, and not whether it is right. */
const worded = defineScorer(
  'worded',
  on,
  judgeAnswer,
  ({ input, output, expected }) => ({ question: input.question, answer: output.text, expected: expected.answer }),
  { judge: false, config: { model: 'local/lexical' } },
);

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

/** What answers lose where only words are searched, on models that need no key. */
export const localKeyword = local.variant('local-keyword', (edit) =>
  edit.rewire('fused', ({ enhance, keyword }) => ({
    lists: [keyword.passages],
    searched: [keyword.searched],
    wanted: enhance.answerable,
  })),
);

/** Everything that can be said of answers without a key. */
export const answers = defineEvaluation('answers', {
  ...on,
  baseline: local,
  variants: [localKeyword],
  scorers: [ranking, citations, refusal, worded],
  metrics: ({ score }) => ({
    primary: [metric.rate('refusal', score(refusal).correct).increase({ minimumEffect: 0.05 })],
    guardrails: [metric.mean('citation-precision', score(citations).precision).noWorseThan(0.05)],
  }),
});

/** Before a release: a model judges each answer, and each pair of answers in both orders. */
export const beforeRelease = defineEvaluation('before-release', {
  ...on,
  variants: [narrow, listwise],
  scorers: [ranking, citations, refusal, judged, preferred],
  metrics: ({ score, run }) => ({
    primary: [metric.rate('correct', score(judged).correct).increase({ minimumEffect: 0.05 })],
    guardrails: [
      metric.rate('wrongly-declined', score(refusal).wronglyDeclined).noWorseThan(0.03),
      metric.mean('cost', run.costUsd).noWorseThan(0.002),
    ],
    secondary: [metric.winRate('preferred', score(preferred))],
  }),
  limits: { costUsd: 5 },
});
