/**
 * `POST /v2/rerank`: best first, by how many of the query's words a document has. https://docs.cohere.com/reference/rerank
 * A search unit is a query with up to 100 documents; a document of more than 500 tokens, the query's included, counts
 * once for each 500 (https://cohere.com/pricing, questions about Rerank).
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Json } from '../../src/plan/plan.ts';
import { unexpectedData } from './chat.ts';
import { cohereBodyRefusal, cohereModelRefusal, cohereRefusal } from './cohere-errors.ts';
import { findModel } from './models.ts';
import { nothingBilled } from './record.ts';
import type { Route } from './route.ts';
import { countTokens } from './tokens.ts';
import { overlap } from './words.ts';

const mostDocuments = 10_000;

const bodySchema = z.strictObject({
  model: z.string(),
  query: z.string(),
  documents: z.array(z.string()).max(mostDocuments),
  top_n: z.int().min(1).optional(),
  max_tokens_per_doc: z.int().min(1).optional(),
  priority: z.int().min(0).optional(),
});

export const cohereRerank: Route = {
  name: 'cohere/rerank',
  method: 'POST',
  path: '/v2/rerank',
  read(body, own) {
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) {
      return cohereBodyRefusal(parsed.error);
    }
    const { model, query, documents, top_n: topN, max_tokens_per_doc: mostTokens = 4096 } = parsed.data;
    if (findModel('cohere/rerank', model, own) === null) {
      return cohereModelRefusal(model);
    }
    if (query.trim() === '') {
      return cohereRefusal(400, 'invalid request: query must not be empty or be only whitespace');
    }
    if (documents.length === 0) {
      return cohereRefusal(400, 'invalid request: list of documents must not be empty');
    }
    const searchUnits = searchUnitsOf(query, documents, mostTokens);
    return {
      kind: 'asked',
      route: 'cohere/rerank',
      model,
      schema: null,
      text: [query, ...documents].join('\n'),
      streamed: false,
      chat: null,
      tokens: 0,
      answer(script, fault) {
        const results = documents
          .map((text, index) => ({ index, relevance_score: script?.scores?.[index] ?? overlap(query, text) }))
          .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
          .slice(0, topN);
        const meta = { api_version: { version: '2' }, billed_units: { search_units: searchUnits } };
        const whole: Json = { id: randomUUID(), results, meta };
        return {
          kind: 'json',
          body: fault?.kind === 'wrong-schema' ? unexpectedData : whole,
          billed: { ...nothingBilled, searchUnits },
        };
      },
    };
  },
};

function searchUnitsOf(query: string, documents: readonly string[], mostTokens: number): number {
  const queryTokens = countTokens(query);
  const chunks = documents.map((text) => Math.ceil((queryTokens + Math.min(countTokens(text), mostTokens)) / 500));
  return Math.ceil(chunks.reduce((sum, count) => sum + count, 0) / 100);
}
