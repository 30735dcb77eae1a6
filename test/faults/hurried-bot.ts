/**
 * The documentation bot in its whole form, in a hurry: the same graph, attempts and fallbacks, with time limits that a
 * test can wait for. Each step asks a model of its own, so that the provider's side can tell whose request it sees.
 */
import { docsBot } from '../../pipelines/docs-bot.ts';

export const MODELS = Object.freeze({
  enhance: 'cohere/command-r7b-12-2024',
  vector: 'openai/text-embedding-3-small',
  ranked: 'cohere/rerank-v3.5',
  draft: 'openai/gpt-5-mini',
  /** What `draft` falls back to. */
  draftFallback: 'cohere/command-a-03-2025',
  check: 'openai/gpt-4.1-mini',
});

/** Far above what a step takes here, unless it is made to wait. */
const TIMEOUT = '8 seconds';
const hurry = { timeout: TIMEOUT, backoff: { first: '50 ms', factor: 1, max: '50 ms' } } as const;

export const hurriedBot = docsBot.variant('hurried', (edit) =>
  edit
    .configure('enhance', { model: MODELS.enhance })
    .configure('check', { model: MODELS.check })
    .options('enhance', hurry)
    .options('vector', hurry)
    .options('ranked', hurry)
    .options('draft', hurry)
    .options('check', hurry),
);

/** The same without help where a model fails: the run fails with it. */
export const unhelpedBot = docsBot.variant('unhelped', (edit) =>
  edit
    .configure('enhance', { model: MODELS.enhance })
    .configure('check', { model: MODELS.check })
    .options('enhance', { ...hurry, fallback: null })
    .options('check', { ...hurry, fallback: null }),
);

/** Its search by words has no index. */
export const wordlessBot = docsBot.variant('wordless', (edit) =>
  edit
    .configure('enhance', { model: MODELS.enhance })
    .configure('keyword', { index: 'nowhere' })
    .options('keyword', hurry),
);

/** What its models cost, for the worker and for the stand-in's own bill: dollars per million tokens, or per 1,000 searches. */
export const SLUICE_PRICES = [
  `${MODELS.enhance}:input=0.04,output=0.15`,
  `${MODELS.vector}:input=0.02,output=0`,
  `${MODELS.ranked}:search=2`,
  `${MODELS.draft}:input=0.25,output=2`,
  `${MODELS.draftFallback}:input=2.5,output=10`,
  `${MODELS.check}:input=0.4,output=1.6`,
].join(';');

export const PRICES = Object.freeze({
  'command-r7b-12-2024': { inputPerMillion: 0.04, outputPerMillion: 0.15 },
  'text-embedding-3-small': { inputPerMillion: 0.02, outputPerMillion: 0 },
  'rerank-v3.5': { perSearchUnit: 0.002 },
  'gpt-5-mini': { inputPerMillion: 0.25, outputPerMillion: 2 },
  'command-a-03-2025': { inputPerMillion: 2.5, outputPerMillion: 10 },
  'gpt-4.1-mini': { inputPerMillion: 0.4, outputPerMillion: 1.6 },
});
