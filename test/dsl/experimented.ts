/** The support assistant under live traffic: an experiment that says everything that one can say. Tests share it. */
import { z } from 'zod';
import { defineExperiment, definePipeline, metric } from '../../src/index.ts';
import { grounded, short } from './evaluated.ts';
import { imagined, Passages, Question, relatedPages, supportBot, wide } from './example.ts';

export const rerankOnline = defineExperiment('rerank-online', {
  pipeline: supportBot,
  variants: [imagined, wide],
  unit: ({ input }) => input.userId,
  unitName: 'customer',
  traffic: { share: 0.2, weights: { baseline: 0.5, imagined: 0.25, wide: 0.25 } },
  layer: 'retrieval',
  overrides: { 'user-1': 'wide', 'user-2': 'baseline' },
  scorers: [{ scorer: grounded, sample: 0.2 }, short],
  metrics: ({ nodes, output, run, score, feedback }) => ({
    primary: [metric.mean('grounded', score(grounded).score).increase({ minimumEffect: 0.03 })],
    guardrails: [
      metric.rate('failed', run.failed).noWorseThan(0.01),
      metric.share('slow', run.latencyMs, { above: 4_000 }).noWorseThan(0.02),
      metric.rate('thumbs-down', feedback.down).noWorseThan(0.02),
      metric.rate('passed', output.passed).noWorseThan(0.05, { better: 'higher' }),
    ],
    secondary: [
      metric.quantile('latency-p95', 0.95, run.latencyMs),
      metric.ratio('up-among-rated', feedback.up, feedback.rated),
      metric.sum('net-thumbs', feedback.thumb, { cap: 3 }),
      metric.mean('words', score(short).words),
      metric.rate('answerable', nodes.understood.answerable).observe({ better: 'higher' }),
    ],
  }),
  windows: { feedback: '2 days' },
  stop: { maxDuration: '14 days', minUnits: 200 },
  rollout: { approval: 'manual' },
});

// ---------------------------------------------------------------- of another pipeline

const Asked = Question.extend({ isPublic: z.boolean(), plan: z.enum(['free', 'paid']) });

/** Its input says whom it may be tried on, and its node `related` is a name for what another pipeline wires there. */
export const pages = definePipeline('pages', Asked)
  .use('related', relatedPages, ({ input }) => ({ about: input.question }))
  .output(Passages, ({ related }) => ({ passages: related.passages }));

export const fewer = pages.variant('fewer', (edit) => edit.configure('related/picked', { topN: 2 }));
