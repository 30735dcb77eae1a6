/**
 * What `sluice demo` tries on people who are made up, within seconds: windows, looks and soaks are as short as that. People
 * look at the first ten passages; the search that they begin with shows one, so that there is something to be won.
 */
import { defineExperiment, metric } from '../src/index.ts';
import { docsSearch } from './docs-search.ts';

/** What is deployed first. Its lists are short: what goes from step to step goes through the workflow's history. */
export const onePassage = docsSearch.variant('one-passage', (edit) =>
  edit.configure('keyword', { topK: 10 }).configure('fused', { limit: 10 }).configure('ranked', { topN: 1 }),
);

/** What is planted: it is better, and by much. */
const tenPassages = docsSearch.variant('ten-passages', (edit) => edit.configure('ranked', { topN: 10 }));

/** Searches an index that is not there: each of its runs fails. */
const lostIndex = docsSearch.variant('lost-index', (edit) => edit.configure('keyword', { index: 'not-there' }));

const windows = { run: '6 seconds', feedback: '6 seconds' } as const;
const stop = { minDuration: '5 seconds', maxDuration: '4 minutes', lookEvery: '1 second', grace: '500 ms' } as const;

export const showMore = defineExperiment('demo-show-more', {
  pipeline: docsSearch,
  variants: [tenPassages],
  traffic: { share: 0.8, weights: { baseline: 0.5, 'ten-passages': 0.5 } },
  metrics: ({ run, feedback }) => ({
    primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: 0.3 })],
    // With so few people no smaller margin can be proven, and what is not proven is not rolled out.
    guardrails: [
      metric.rate('failed', run.failed).noWorseThan(0.15),
      metric.share('slow', run.latencyMs, { above: 20_000 }).noWorseThan(0.15),
    ],
  }),
  windows,
  stop,
  rollout: { steps: [0.25, 0.5, 1], soak: '2 seconds', unitsPerStep: 10 },
});

export const searchElsewhere = defineExperiment('demo-search-elsewhere', {
  pipeline: docsSearch,
  variants: [lostIndex],
  traffic: { share: 0.4, weights: { baseline: 0.5, 'lost-index': 0.5 } },
  metrics: ({ run, feedback }) => ({
    primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: 0.3 })],
    guardrails: [metric.rate('failed', run.failed).noWorseThan(0.15)],
  }),
  windows,
  stop,
  breaker: { ceiling: 0.1, window: '1 minute' },
});
