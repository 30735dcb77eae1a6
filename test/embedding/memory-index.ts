/** An index in memory that is searched by vector: every one compared, under a model fitted to its passages. */
import { localLsa } from '../../src/retrieval/embedders.ts';
import type { Store } from '../../src/store/store.ts';
import type { VectorHit } from '../../src/store/vector-search.ts';
import type { PassageText, Vectors } from '../../src/store/vectors.ts';

export interface MemoryPassage {
  readonly id: string;
  readonly text: string;
  readonly title?: string;
  readonly heading: readonly string[];
}

export async function memoryIndex(
  passages: readonly MemoryPassage[],
): Promise<Pick<Store, 'vectors' | 'vectorSearch'> & { readonly model: string }> {
  const texts = passages.map(
    (passage, no): PassageText => ({
      ...passage,
      no,
      documentId: passage.id.replace(/#.*$/, ''),
      title: passage.title ?? null,
    }),
  );
  const { model, state } = await localLsa.learn({
    ids: texts.map(({ id }) => id),
    async *read(ids) {
      yield* texts.filter(({ id }) => ids.includes(id));
    },
  });
  const vectors = await model.embedPassages(texts);
  const hitOf = ({ no, ...text }: PassageText, asked: Float32Array): readonly VectorHit[] => {
    const vector = vectors[no];
    if (vector === undefined) return [];
    const score = vector.reduce((sum, value, place) => sum + value * asked[place]!, 0);
    return [{ ...text, url: null, score, vector }];
  };
  return {
    model: model.id,
    vectors: { modelState: async () => state! } as unknown as Vectors,
    vectorSearch: {
      embedded: async () => ({ hash: 'memory', sequence: 1, model: model.id }),
      nearest: async (_index, queries, { top }) =>
        queries.map(({ id, vector }) => {
          const hits = vector ? texts.flatMap((text) => hitOf(text, vector)) : [];
          return { id, hits: hits.sort((one, other) => other.score - one.score).slice(0, top) };
        }),
    },
  };
}
