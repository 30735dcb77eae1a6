/** Embedding models at Cohere, which embed passages and queries differently. */
import { z } from 'zod';
import { callingWithin } from './calling.ts';
import { cohereOptions, explainCohere, type LoadCohere } from './cohere-client.ts';
import type { EmbeddingName } from './embedding-name.ts';
import { parseBody } from './parse-data.ts';
import { type Served, servedName } from './settings.ts';
import { EMBED_LIMIT_MS, type TextEmbedder } from './text-embedder.ts';
import { checkVectors } from './vectors.ts';

/** The most that the service takes. */
const BATCH = 96;

const Body = z.object({
  id: z.string().nullish(),
  embeddings: z.object({ float: z.array(z.array(z.number())) }),
  meta: z.object({ billedUnits: z.object({ inputTokens: z.number().min(0).nullish() }).nullish() }).nullish(),
});

export function createCohereEmbedder(served: Served, name: EmbeddingName, load: LoadCohere): TextEmbedder {
  const { model, dimensions, isShortened } = name;
  return Object.freeze({
    name: servedName(served),
    dimensions,
    batch: BATCH,
    embed: ({ texts, as }, call) =>
      callingWithin(
        EMBED_LIMIT_MS[as],
        served,
        call,
        async (call) => {
          const client = await load();
          const reply: unknown = await client.embed(
            {
              model,
              texts: texts.map((text) => text.toWellFormed()),
              inputType: as === 'passage' ? 'search_document' : 'search_query',
              embeddingTypes: ['float'],
              ...(isShortened && { outputDimension: dimensions }),
            },
            cohereOptions(call),
          );
          const { id, embeddings, meta } = parseBody(reply, Body, served);
          const vectors = embeddings.float.map((vector) => Float32Array.from(vector));
          return {
            vectors: checkVectors(served, vectors, { count: texts.length, dimensions }),
            usage: { inputTokens: meta?.billedUnits?.inputTokens ?? null, outputTokens: 0 },
            ...(id != null && { requestId: id }),
          };
        },
        explainCohere(served),
      ),
  } satisfies TextEmbedder);
}
