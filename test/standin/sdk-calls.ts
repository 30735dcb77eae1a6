/** The calls that the stand-in's own tests make, through the official SDKs with their retries off. */
import { type Cohere, CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import type { StandIn } from './stand-in.ts';

export const sentence = 'one two three four five six';

/** Each asks for a reply that repeats `sentence`, of six tokens. */
export function createSdkCalls(standIn: Pick<StandIn, 'openaiUrl' | 'cohereUrl'>) {
  const openai = new OpenAI({ apiKey: 'sk-test', baseURL: standIn.openaiUrl, maxRetries: 0, logLevel: 'off' });
  const cohere = new CohereClientV2({ token: 'co-test', environment: standIn.cohereUrl, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: sentence }];
  const openaiBody = { model: 'gpt-4.1-mini', messages };
  const cohereBody = { model: 'command-a-03-2025', messages };
  return {
    openai,
    cohere,
    openaiBody,
    openaiChat: (options?: OpenAI.RequestOptions) => openai.chat.completions.create(openaiBody, options),
    openaiStream: (options?: OpenAI.RequestOptions) =>
      openai.chat.completions.create({ ...openaiBody, stream: true, stream_options: { include_usage: true } }, options),
    cohereChat: (options?: { readonly abortSignal: AbortSignal }) => cohere.chat(cohereBody, options),
    cohereStream: () => cohere.chatStream(cohereBody),
  };
}

/** Posts a body as it is: those that the SDKs' types would not let through. */
export async function postRaw(url: string, body: unknown, authorization: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const parsed = (await response.json()) as {
    readonly message?: string;
    readonly error?: { readonly [key: string]: unknown };
  };
  return { status: response.status, body: parsed };
}

/** What came before the error, and the error. */
export async function collect<Item>(
  opening: PromiseLike<AsyncIterable<Item>>,
): Promise<{ items: Item[]; error: unknown }> {
  const items: Item[] = [];
  try {
    for await (const item of await opening) {
      items.push(item);
    }
    return { items, error: null };
  } catch (error) {
    return { items, error };
  }
}

export const openaiText = (chunks: readonly OpenAI.ChatCompletionChunk[]) =>
  chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
export const cohereText = (events: readonly Cohere.V2ChatStreamResponse[]) =>
  events.map((event) => (event.type === 'content-delta' ? (event.delta?.message?.content?.text ?? '') : '')).join('');
