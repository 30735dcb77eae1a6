/** Models are named `provider/model` everywhere: in configs, prices, limits and rows. */
import { StepFailure } from '../boundary/failure.ts';
import type { ModelName } from '../model/provider-call.ts';
import { providerFailure, type Served, type ServedName } from './provider-failures.ts';

const PROVIDERS = ['openai', 'cohere', 'local'] as const;

/** Undefined where the name is none. */
export function readModelName(name: string): ModelName | undefined {
  const slash = name.indexOf('/');
  const provider = PROVIDERS.find((known) => known === name.slice(0, slash));
  const model = name.slice(slash + 1);
  return provider === undefined || model === '' ? undefined : Object.freeze({ provider, model });
}

/** @throws StepFailure `model_unknown` */
export function parseModelName(name: string): ModelName {
  const parsed = readModelName(name);
  if (parsed === undefined) throw unknownModel(name, `name it provider/model, of ${PROVIDERS.join(', ')}`);
  return parsed;
}

export function unknownModel(name: string, remedy: string): StepFailure {
  return new StepFailure('model_unknown', {
    message: `there is no model '${name.slice(0, 200)}'`,
    remedy,
    retryable: false,
    data: { model: name.slice(0, 200) },
  });
}

/**
 * Names of embedding models, which may end with the length of the vectors: `openai/text-embedding-3-small:512`. Vectors of
 * two lengths are of two models.
 */
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

/** @throws StepFailure `output_malformed` */
export function checkVectors(
  served: Served,
  vectors: readonly Float32Array[],
  expected: { readonly count: number; readonly dimensions: number },
): readonly Float32Array[] {
  const { count, dimensions } = expected;
  if (vectors.length !== count)
    throw providerFailure('output_malformed', served, `sent ${vectors.length} vectors for ${count} texts`);
  const wrong = vectors.find((vector) => vector.length !== dimensions);
  if (wrong !== undefined)
    throw providerFailure('output_malformed', served, `sent a vector of ${wrong.length} numbers, not ${dimensions}`);
  if (!vectors.every((vector) => vector.every(Number.isFinite)))
    throw providerFailure('output_malformed', served, 'sent a vector that is not of numbers');
  return vectors;
}

/** Little-endian 32-bit floats, as OpenAI sends them. */
export function decodeVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, place) => bytes.readFloatLE(4 * place));
}
