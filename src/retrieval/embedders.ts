/**
 * The embedders that run here, by name. Those that others serve are joined to them where providers are known
 * (`src/models/served-embedders.ts`): nothing here may load a provider's library.
 */
import { setImmediate } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { type Bag, bagOf, sampleIds, termsOf } from '../lsa/corpus.ts';
import { fitLsa } from '../lsa/fit.ts';
import { decodeFit, embed, encodeFit, LSA_SETTINGS, type LsaFit } from '../lsa/model.ts';
import type { PassageText } from '../store/vectors.ts';
import {
  type EmbedCall,
  type Embedder,
  type EmbedderOf,
  type EmbeddingModel,
  isModelOf,
  type Vector,
} from './embedder.ts';

// The embedder that needs no key and no download: latent semantic analysis, fitted to the passages of the index itself.
// Later passages are folded in; `embed-build.ts` decides when to fit anew. A passage is embedded together with its
// document, since a piece of a page seldom says what the page is about.

/** Passages embedded before other work of this thread has its turn: some 20 ms. */
const PASSAGES_PER_TURN = 64;
/** The weight of the document relative to the passage. */
const DOCUMENT_WEIGHT = 1;

export const localLsa: Embedder = {
  name: 'local/lsa',
  async learn({ ids, read }, signal) {
    const sample = sampleIds(ids, LSA_SETTINGS.samplePassages);
    const fit = await fitLsa(bagsOf(read(sample)), signal ? { signal } : {});
    return { model: modelOf(fit), state: encodeFit(fit) };
  },
  restore: (_id, state) => modelOf(decodeFit(state)),
};

function modelOf(fit: LsaFit): EmbeddingModel {
  return Object.freeze({
    id: fit.id,
    dimensions: fit.dimensions,
    async embedPassages(passages: readonly PassageText[], { signal }: EmbedCall = {}) {
      const vectors: Vector[] = [];
      for (const passage of passages) {
        vectors.push(embed(fit, bagOfPassage(passage).terms));
        if (vectors.length % PASSAGES_PER_TURN === 0) await setImmediate();
        signal?.throwIfAborted();
      }
      return inDocuments(passages, vectors);
    },
    embedQueries: async (queries: readonly string[]) => queries.map((query) => embed(fit, termsOf(withParts(query)))),
  });
}

async function* bagsOf(passages: AsyncIterable<PassageText>): AsyncIterable<Bag> {
  for await (const passage of passages) yield bagOfPassage(passage);
}

/** The headings that a passage stands under count as its title does. */
function bagOfPassage({ id, text, title, heading }: PassageText): Bag {
  return bagOf({ id, text: withParts(text), title: withParts([title ?? '', ...heading].join(' ')) });
}

const NAME = /\p{Lu}*[\p{Ll}\p{N}]+\p{Lu}[\p{L}\p{N}]*|\p{Lu}{2,}\p{Ll}[\p{L}\p{N}]*/gu;
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;

/** Names also in their parts, so that 'streaming text' is like `streamText`. */
const withParts = (text: string): string => text.replace(NAME, (name) => `${name} ${name.split(HUMP).join(' ')}`);

/** Each vector moved towards the middle of its document's, all of length 1. */
function inDocuments(passages: readonly PassageText[], vectors: readonly Vector[]): readonly Vector[] {
  const middles = new Map<string, Float64Array>();
  for (const [place, { documentId }] of passages.entries()) {
    const vector = vectors[place];
    if (vector) middles.set(documentId, added(vector, middles.get(documentId) ?? new Float64Array(vector.length)));
  }
  for (const [documentId, sum] of middles) middles.set(documentId, scaled(sum, DOCUMENT_WEIGHT));
  return passages.map(({ documentId }, place) => {
    const vector = vectors[place];
    return vector && Float32Array.from(scaled(added(vector, middles.get(documentId)!), 1));
  });
}

const added = (vector: Float32Array, sum: Float64Array): Float64Array => sum.map((value, at) => value + vector[at]!);

function scaled(vector: Float64Array, length: number): Float64Array {
  const factor = length / Math.hypot(...vector);
  return vector.map((value) => value * factor);
}

/** What a served model is called, for those who name none that there is. */
const SERVED_EXAMPLE = 'openai/text-embedding-3-small';

export function embedderAmong(embedders: readonly Embedder[]): EmbedderOf {
  return (model) => {
    const found = embedders.find((embedder) => isModelOf(embedder, model));
    if (found !== undefined) return found;
    const names = embedders.map(({ name }) => name);
    throw new SluiceError('embedding_model_unknown', {
      message: `there is no embedding model '${model}'`,
      remedy: suggest(model, names, `use ${[...names, SERVED_EXAMPLE].join(' or ')}`),
      data: { model, known: names },
    });
  };
}

export const localEmbedderOf: EmbedderOf = embedderAmong([localLsa]);
