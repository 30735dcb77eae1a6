/**
 * Names of embedding models, which may end with the length of the vectors: `openai/text-embedding-3-small:512`. Vectors of
 * two lengths are of two models.
 */
import type { ModelName } from '../model/provider-call.ts';
import { parseModelName, unknownModel } from './model-name.ts';
import type { ServedName } from './settings.ts';

export interface EmbeddingName {
  readonly provider: ServedName;
  readonly model: string;
  readonly dimensions: number;
  /** Whether the request must say so: the length is another than the model's own. */
  readonly isShortened: boolean;
}

const DIMENSIONS: { readonly [model: string]: number } = {
  'openai/text-embedding-3-small': 1_536,
  'openai/text-embedding-3-large': 3_072,
  'openai/text-embedding-ada-002': 1_536,
  'cohere/embed-v4.0': 1_536,
  'cohere/embed-english-v3.0': 1_024,
  'cohere/embed-multilingual-v3.0': 1_024,
};
/** What the store can search. */
const MOST_DIMENSIONS = 4_096;

/** @throws StepFailure `model_unknown`: no such provider, or nothing says how long its vectors are */
export function parseEmbeddingName(name: string): EmbeddingName {
  const { provider, model: rest }: ModelName = parseModelName(name);
  if (provider === 'local') throw unknownModel(name, 'local/lsa is fitted to an index: see sluice ingest');
  const [, model = rest, length] = /^(.+):(\d{1,4})$/.exec(rest) ?? [];
  const own = DIMENSIONS[`${provider}/${model}`];
  const dimensions = length === undefined ? own : Number(length);
  if (dimensions === undefined || dimensions < 1 || dimensions > MOST_DIMENSIONS)
    throw unknownModel(name, `say how long its vectors are, from 1 to ${MOST_DIMENSIONS}: ${provider}/${model}:1024`);
  return Object.freeze({ provider, model, dimensions, isShortened: dimensions !== own && own !== undefined });
}
