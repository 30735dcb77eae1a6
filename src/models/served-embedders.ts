/**
 * Embedding models that others serve, as indexes use them. Nothing is fitted, so a model's name and the length of its
 * vectors say all: `openai/text-embedding-3-small:1536`. A passage is embedded with its title and the headings over it.
 */
import { randomUUID } from 'node:crypto';
import type { ProviderCall } from '../model/provider-call.ts';
import type { EmbedCall, Embedder, EmbedderOf, EmbeddingModel, Vector } from '../retrieval/embedder.ts';
import { localEmbedderOf } from '../retrieval/embedders.ts';
import type { PassageText } from '../store/vectors.ts';
import { readModelName } from './model-name.ts';
import type { Providers, TextEmbedder } from './providers.ts';

/** Calls of one ingest under way at once; the limits of the provider are `SLUICE_LIMITS`. */
const AT_ONCE = 4;
/** What models read of a text; a passage has at most 4 kB, and its headings seldom a tenth of that. */
const TEXT_CHARACTERS = 8_000;

/**
 * Finds embedders that run here and those that are served.
 *
 * @throws (of the function) SluiceError `embedding_model_unknown`; StepFailure `model_unknown`, `key_missing`
 */
export function createEmbedderOf(providers: Pick<Providers, 'embedder'>): EmbedderOf {
  return (model) => {
    const provider = readModelName(model)?.provider;
    if (provider === undefined || provider === 'local') return localEmbedderOf(model);
    return servedEmbedder(model, providers);
  };
}

function servedEmbedder(name: string, providers: Pick<Providers, 'embedder'>): Embedder {
  // Checked now: a missing key is reported before anything is read.
  const asked = providers.embedder(name);
  return Object.freeze({
    name,
    isServed: true,
    learn: async () => ({ model: modelOf(asked) }),
    restore: (id) => modelOf(id === name ? asked : providers.embedder(id)),
  } satisfies Embedder);
}

function modelOf(embedder: TextEmbedder): EmbeddingModel {
  const { name, dimensions, batch } = embedder;
  return Object.freeze({
    id: `${name}:${dimensions}`,
    dimensions,
    served: Object.freeze({ batch, atOnce: AT_ONCE }),
    embedPassages: (passages, call) => embedAll(embedder, 'passage', passages.map(textOf), callOf(call)),
    embedQueries: (queries, call) => embedAll(embedder, 'query', queries, callOf(call)),
  } satisfies EmbeddingModel);
}

/** Texts without anything in them have no vector: providers refuse them. */
async function embedAll(
  embedder: TextEmbedder,
  as: 'passage' | 'query',
  texts: readonly string[],
  call: ProviderCall,
): Promise<readonly Vector[]> {
  const vectors: Vector[] = texts.map(() => undefined);
  const places = texts.flatMap((text, place) => (text.trim() === '' ? [] : [place]));
  for (let start = 0; start < places.length; start += embedder.batch) {
    const batch = places.slice(start, start + embedder.batch);
    const reply = await embedder.embed({ as, texts: batch.map((place) => clip(texts[place]!)) }, call);
    for (const [at, place] of batch.entries()) vectors[place] = reply.vectors[at];
  }
  return vectors;
}

const clip = (text: string): string => text.slice(0, TEXT_CHARACTERS).toWellFormed();

function textOf({ text, title, heading }: PassageText): string {
  const above = [...new Set([...(title === null ? [] : [title]), ...heading])].join(' > ');
  return above === '' || text.trim() === '' ? text : `${above}\n\n${text}`;
}

/** A search from the command line belongs to no run: it has a name of its own. */
function callOf(call: EmbedCall = {}): ProviderCall {
  const runId = call.runId ?? `search-${randomUUID()}`;
  const key = call.key ?? 'embed';
  return {
    runId,
    key,
    attempt: 1,
    idempotencyKey: `${runId}:${key}`,
    signal: new AbortController().signal,
    priority: 'serving',
    ...call,
  };
}
