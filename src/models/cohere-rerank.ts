/** Rerankers at Cohere. */
import { z } from 'zod';
import { calling } from './calling.ts';
import { cohereOptions, explainCohere, type LoadCohere } from './cohere-client.ts';
import { providerFailure } from './failures.ts';
import { parseBody } from './parse-data.ts';
import type { Reranker } from './reranker.ts';
import { type Served, servedName } from './settings.ts';

const Billed = z.object({ searchUnits: z.number().min(0).nullish(), inputTokens: z.number().min(0).nullish() });
const Body = z.object({
  id: z.string().nullish(),
  results: z.array(z.object({ index: z.int().min(0), relevanceScore: z.number() })),
  meta: z.object({ billedUnits: Billed.nullish() }).nullish(),
});

export function createCohereReranker(served: Served, load: LoadCohere): Reranker {
  return Object.freeze({
    name: servedName(served),
    async rerank({ query, documents, topN }, call) {
      if (documents.length === 0 || topN < 1)
        return { results: [], usage: { inputTokens: 0, outputTokens: 0, searchUnits: 0 } };
      return calling(
        served,
        call,
        async () => {
          const client = await load();
          const reply: unknown = await client.rerank(
            {
              model: served.model,
              query: query.toWellFormed(),
              documents: documents.map(textOf),
              topN: Math.min(topN, documents.length),
            },
            cohereOptions(call),
          );
          const { id, results, meta } = parseBody(reply, Body, served);
          const billed = meta?.billedUnits;
          const isSound = new Set(results.map(({ index }) => index)).size === results.length;
          if (!isSound || results.length > topN || results.some(({ index }) => index >= documents.length))
            throw providerFailure('output_malformed', served, 'ranked documents that it was not given, or one twice');
          return {
            results: results
              .map(({ index, relevanceScore }) => ({ index, score: relevanceScore }))
              .toSorted((one, other) => other.score - one.score),
            usage: {
              inputTokens: billed?.inputTokens ?? null,
              outputTokens: 0,
              ...(billed?.searchUnits != null && { searchUnits: billed.searchUnits }),
            },
            ...(id != null && { requestId: id }),
          };
        },
        explainCohere(served),
      );
    },
  } satisfies Reranker);
}

/** A title belongs to what is ranked; YAML is the form that Cohere advises for fields. */
function textOf({ text, title }: { readonly text: string; readonly title?: string }): string {
  return (title === undefined ? text : `title: ${title.replace(/\s+/g, ' ')}\ntext: ${text}`).toWellFormed();
}
