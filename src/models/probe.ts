/** Whether a provider answers this key: the cheapest call that shows it, a list of models or the embedding of one word. */
import { randomUUID } from 'node:crypto';
import { calling } from './calling.ts';
import { createCohereClient } from './cohere-client.ts';
import { createCohereEmbedder } from './cohere-embed.ts';
import { parseEmbeddingName } from './embedding-name.ts';
import { createOpenAiClient, explainOpenAi } from './openai-client.ts';
import type { ProviderSettings, ServedName } from './settings.ts';

const COHERE_MODEL = 'embed-v4.0';

/**
 * @returns what the provider showed; undefined where there is no key to ask with
 * @throws StepFailure what a call would have met: `key_invalid`, `overloaded`, …
 */
export async function probeProvider(
  provider: ServedName,
  settings: ProviderSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { key, baseUrl } = settings[provider];
  if (key === undefined) return undefined;
  const idempotencyKey = `probe-${randomUUID()}`;
  const call = { runId: 'probe', key: provider, attempt: 1, idempotencyKey, signal, priority: 'serving' } as const;
  if (provider === 'openai') {
    const served = { provider, model: 'models', key, baseUrl };
    const load = createOpenAiClient(served);
    // Free, and known to compatible servers too, whatever their models are called.
    const list = async () => (await (await load()).models.list({ signal })).data.length;
    return `${await calling(served, call, list, explainOpenAi(served))} models`;
  }
  const served = { provider, model: COHERE_MODEL, key, baseUrl };
  const name = parseEmbeddingName(`${provider}/${COHERE_MODEL}`);
  await createCohereEmbedder(served, name, createCohereClient(served)).embed({ texts: ['ping'], as: 'query' }, call);
  return COHERE_MODEL;
}
