/**
 * What is tried on the people who ask. A question does not say who asks it, so callers name the unit: the same user always
 * gets the same arm, and counts once. The two experiments edit different nodes, and may run at the same time.
 */
import { defineExperiment, defineScorer, metric } from '../src/index.ts';
import { scoreGroundedness } from '../src/steps/index.ts';
import { docsBot, hyde, listwise, narrow } from './docs-bot.ts';

/** By words, so that it needs no key: how much of an answer its sources say, and not whether it is right. */
const supported = defineScorer(
  'supported',
  { pipeline: docsBot },
  scoreGroundedness,
  ({ input, output, ranked }) => ({
    question: input.question,
    answer: output.text,
    citations: output.citations,
    passages: ranked.passages,
    answered: output.answered,
  }),
  { judge: false },
);

/**
 * Which ranking people like better: fewer passages, or a language model's order. Net thumbs decide, per user, with those
 * who say nothing as 0: the share of thumbs up among thumbs would rise where an arm makes the discontent silent.
 */
export const rerankOnline = defineExperiment('rerank-online', {
  pipeline: docsBot,
  variants: [narrow, listwise],
  traffic: { share: 0.2, weights: { baseline: 0.5, narrow: 0.25, listwise: 0.25 } },
  layer: 'ranking',
  scorers: [{ scorer: supported, sample: 0.2 }],
  metrics: ({ run, score, feedback }) => ({
    primary: [metric.sum('net-thumbs', feedback.thumb, { cap: 3 }).increase({ minimumEffect: 0.05 })],
    guardrails: [
      metric.rate('failed', run.failed).noWorseThan(0.01),
      metric.share('slow', run.latencyMs, { above: 15_000 }).noWorseThan(0.02),
      metric.rate('thumbs-down', feedback.down).noWorseThan(0.02),
      metric.mean('supported', score(supported).supported).noWorseThan(0.05),
    ],
    secondary: [
      metric.ratio('up-among-rated', feedback.up, feedback.rated),
      metric.quantile('latency-p95', 0.95, run.latencyMs),
    ],
  }),
});

/** Whether searching with an imagined answer, too, leaves fewer questions unanswered, and what it costs. */
export const hydeOnline = defineExperiment('hyde-online', {
  pipeline: docsBot,
  variants: [hyde],
  traffic: { share: 0.5, weights: { baseline: 0.5, hyde: 0.5 } },
  scorers: [{ scorer: supported, sample: 0.2 }],
  metrics: ({ nodes, output, run, score }) => ({
    primary: [metric.rate('answered', output.answered).increase({ minimumEffect: 0.03 })],
    guardrails: [
      metric.rate('failed', run.failed).noWorseThan(0.01),
      metric.mean('cost', run.costUsd).noWorseThan(0.002),
      metric.mean('supported', score(supported).supported).noWorseThan(0.05),
    ],
    secondary: [metric.mean('rounds', nodes.answer.rounds).observe({ better: 'lower' })],
  }),
  rollout: { approval: 'manual' },
});
