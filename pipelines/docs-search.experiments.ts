/** What is tried on the people who search: whether they prefer results by meaning and words to results by words. */
import { defineExperiment, metric } from '../src/index.ts';
import { docsSearch, hybrid } from './docs-search.ts';

/** Search is quick, so people are many: all of them are in it, and an hour is long enough to say what one thinks. */
export const searchOnline = defineExperiment('search-online', {
  pipeline: docsSearch,
  variants: [hybrid],
  traffic: { share: 1, weights: { baseline: 0.5, hybrid: 0.5 } },
  metrics: ({ run, feedback }) => ({
    primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: 0.02 })],
    guardrails: [
      metric.rate('failed', run.failed).noWorseThan(0.01),
      metric.share('slow', run.latencyMs, { above: 2_000 }).noWorseThan(0.02),
      metric.rate('thumbs-down', feedback.down).noWorseThan(0.02),
    ],
    secondary: [metric.ratio('up-among-rated', feedback.up, feedback.rated), metric.rate('degraded', run.degraded)],
  }),
  windows: { feedback: '1 hour' },
});
