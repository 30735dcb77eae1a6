/**
 * `POST /v1/embeddings`. OpenAI's SDK asks for base64 (little-endian floats) unless told otherwise, and decodes it.
 * https://platform.openai.com/docs/api-reference/embeddings: at most 2048 inputs, none empty, 300,000 tokens in all.
 */
import { z } from 'zod';
import type { Json } from '../../src/plan/plan.ts';
import { unexpectedData } from './chat.ts';
import { findModel } from './models.ts';
import { openaiBodyRefusal, openaiModelRefusal, openaiRefusal } from './openai-errors.ts';
import { nothingBilled } from './record.ts';
import type { Route } from './route.ts';
import { countTokens } from './tokens.ts';
import { embedText } from './words.ts';

const mostTokens = 300_000;

const bodySchema = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2048)]),
  encoding_format: z.enum(['float', 'base64']).optional(),
  dimensions: z.int().min(1).optional(),
  user: z.string().optional(),
});

export const openaiEmbeddings: Route = {
  name: 'openai/embeddings',
  method: 'POST',
  path: '/v1/embeddings',
  read(body, own) {
    const parsed = bodySchema.safeParse(body, { reportInput: true });
    if (!parsed.success) {
      return openaiBodyRefusal(parsed.error);
    }
    const { model: name, input, encoding_format: format, dimensions } = parsed.data;
    const model = findModel('openai/embeddings', name, own);
    if (model === null) {
      return openaiModelRefusal(name);
    }
    const texts = typeof input === 'string' ? [input] : input;
    const counts = texts.map(countTokens);
    const tokens = counts.reduce((sum, count) => sum + count, 0);
    const longest = Math.max(...counts);
    if (longest > model.contextTokens) {
      return openaiRefusal(400, {
        message: `This model's maximum context length is ${model.contextTokens} tokens, however you requested ${longest} tokens (${longest} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`,
      });
    }
    if (tokens > mostTokens) {
      const message = `Requested ${tokens} tokens, max ${mostTokens} tokens per request`;
      return openaiRefusal(400, { message, type: 'max_tokens_per_request', code: 'max_tokens_per_request' });
    }
    const most = model.dimensions ?? 1536;
    if (dimensions !== undefined && (dimensions > most || name.startsWith('text-embedding-ada'))) {
      return openaiRefusal(400, {
        message: `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ${most}.`,
      });
    }
    return {
      kind: 'asked',
      route: 'openai/embeddings',
      model: name,
      schema: null,
      text: texts.join('\n'),
      streamed: false,
      chat: null,
      tokens,
      answer(_script, fault) {
        const data = texts.map((text, index) => ({
          object: 'embedding',
          index,
          embedding: encode(embedText(text, dimensions ?? most), format ?? 'float'),
        }));
        const whole: Json = {
          object: 'list',
          data,
          model: name,
          usage: { prompt_tokens: tokens, total_tokens: tokens },
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

function encode(vector: Float32Array, format: 'float' | 'base64'): Json {
  return format === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64');
}
