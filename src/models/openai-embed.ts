/** Embedding models at OpenAI and at servers that speak its protocol. */
import { z } from 'zod';
import { callingWithin } from './calling.ts';
import type { EmbeddingName } from './embedding-name.ts';
import { explainOpenAi, type LoadOpenAi, requestOptions } from './openai-client.ts';
import { parseBody } from './parse-data.ts';
import { type Served, servedName } from './settings.ts';
import { EMBED_LIMIT_MS, type TextEmbedder } from './text-embedder.ts';
import { checkVectors, decodeVector } from './vectors.ts';

/** The service takes 2,048 texts of together 300,000 tokens; this many passages of 4 kB stay below that in any language. */
const BATCH = 64;

const Body = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.union([z.string(), z.array(z.number())]) })),
  usage: z.object({ prompt_tokens: z.int().min(0).nullish() }).nullish(),
});

export function createOpenAiEmbedder(served: Served, name: EmbeddingName, load: LoadOpenAi): TextEmbedder {
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
          const input = texts.map((text) => text.toWellFormed());
          // A fifth of the size of numbers in digits; servers that do not know it send those.
          const body = { model, input, encoding_format: 'base64' as const, ...(isShortened && { dimensions }) };
          const { data, request_id } = await client.embeddings.create(body, requestOptions(call, body)).withResponse();
          const { data: rows, usage } = parseBody<z.output<typeof Body>>(data, Body, served);
          const vectors = rows
            .toSorted((one, other) => one.index - other.index)
            .map(({ embedding }) =>
              typeof embedding === 'string' ? decodeVector(embedding) : Float32Array.from(embedding),
            );
          return {
            vectors: checkVectors(served, vectors, { count: texts.length, dimensions }),
            usage: { inputTokens: usage?.prompt_tokens ?? null, outputTokens: 0 },
            ...(request_id !== null && { requestId: request_id }),
          };
        },
        explainOpenAi(served),
      ),
  } satisfies TextEmbedder);
}
