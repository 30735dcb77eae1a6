/**
 * `POST /v2/embed`: `input_type` is required, and at most 96 texts. https://docs.cohere.com/reference/embed
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
import { embedText } from './words.ts';

const mostTexts = 96;

const bodySchema = z.strictObject({
  model: z.string(),
  texts: z.array(z.string()).min(1, 'texts must not be empty'),
  input_type: z.enum(['search_document', 'search_query', 'classification', 'clustering', 'image']),
  embedding_types: z
    .array(z.enum(['float', 'int8', 'base64']))
    .min(1)
    .optional(),
  output_dimension: z.union([z.literal(256), z.literal(512), z.literal(1024), z.literal(1536)]).optional(),
  max_tokens: z.int().min(1).optional(),
  truncate: z.enum(['NONE', 'START', 'END']).optional(),
  priority: z.int().min(0).optional(),
});

export const cohereEmbed: Route = {
  name: 'cohere/embed',
  method: 'POST',
  path: '/v2/embed',
  read(body, own) {
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) {
      return cohereBodyRefusal(parsed.error);
    }
    const { model: name, texts, embedding_types: types, output_dimension: dimension, truncate } = parsed.data;
    const model = findModel('cohere/embed', name, own);
    if (model === null) {
      return cohereModelRefusal(name);
    }
    if (texts.length > mostTexts) {
      return cohereRefusal(
        400,
        `invalid request: total number of texts must be at most ${mostTexts} - received ${texts.length}`,
      );
    }
    if (dimension !== undefined && !name.startsWith('embed-v4')) {
      return cohereRefusal(400, 'invalid request: output_dimension is not supported with the provided model');
    }
    const counts = texts.map(countTokens);
    const longest = Math.max(...counts);
    if (truncate === 'NONE' && longest > model.contextTokens) {
      return cohereRefusal(
        400,
        `too many tokens: a text cannot exceed ${model.contextTokens} tokens - received ${longest}`,
      );
    }
    const tokens = counts.reduce((sum, count) => sum + Math.min(count, model.contextTokens), 0);
    return {
      kind: 'asked',
      route: 'cohere/embed',
      model: name,
      schema: null,
      text: texts.join('\n'),
      streamed: false,
      chat: null,
      tokens,
      answer(_script, fault) {
        const vectors = texts.map((text) => embedText(text, dimension ?? model.dimensions ?? 1536));
        const whole: Json = {
          id: randomUUID(),
          texts,
          embeddings: Object.fromEntries(
            (types ?? ['float']).map((type) => [type, vectors.map((each) => encode(each, type))]),
          ),
          meta: { api_version: { version: '2' }, billed_units: { input_tokens: tokens } },
          response_type: 'embeddings_by_type',
        };
        return {
          kind: 'json',
          body: fault?.kind === 'wrong-schema' ? unexpectedData : whole,
          billed: { ...nothingBilled, inputTokens: tokens },
        };
      },
    };
  },
};

function encode(vector: Float32Array, type: 'float' | 'int8' | 'base64'): Json {
  switch (type) {
    case 'float':
      return [...vector];
    case 'int8':
      return [...vector].map((value) => Math.round(value * 127));
    case 'base64':
      return Buffer.from(vector.buffer).toString('base64');
  }
}
