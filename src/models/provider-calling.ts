/** What is around every call to a provider: a call that was given up says so, and a broken connection has a name. */

import { Agent, fetch as undiciFetch } from 'undici';
import { z } from 'zod';
import { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { providerFailure, quote, type Served } from './provider-failures.ts';
import type { Shape } from './providers.ts';

/**
 * @param explain what the provider's own error means; undefined where it is none
 * @throws StepFailure; the signal's reason when it aborted, instead of the SDK's own error
 */
export async function calling<T>(
  served: Served,
  { signal }: ProviderCall,
  work: () => Promise<T>,
  explain: (error: unknown) => StepFailure | undefined,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof StepFailure) throw error;
    throw explain(error) ?? connectionFailure(served, error) ?? error;
  }
}

/**
 * `calling`, for a call whose caller may have no limit of its own, such as a search from the command line.
 *
 * @param work is given the call with a signal that also aborts at the limit
 * @throws StepFailure `timeout` at the limit, and what `calling` throws
 */
export async function callingWithin<T>(
  limitMs: number,
  served: Served,
  call: ProviderCall,
  work: (call: ProviderCall) => Promise<T>,
  explain: (error: unknown) => StepFailure | undefined,
): Promise<T> {
  const limit = new AbortController();
  const tooLate = providerFailure('timeout', served, `did not answer within ${limitMs / 1_000} s`);
  const timer = setTimeout(() => limit.abort(tooLate), limitMs);
  const limited = { ...call, signal: AbortSignal.any([call.signal, limit.signal]) };
  try {
    return await calling(served, limited, () => work(limited), explain);
  } finally {
    clearTimeout(timer);
  }
}

const TIMED_OUT = /^(?:UND_ERR_.*TIMEOUT|ETIMEDOUT)$/;
const NETWORK = /^(?:UND_ERR_|E[A-Z]{3,}|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;
const FETCH_SAYS = /^(?:fetch failed|terminated|Connection error|Premature close)/;

/** Undefined where nothing of it is about the connection or what came over it. */
function connectionFailure(served: Served, error: unknown): StepFailure | undefined {
  const chain = chainOf(error);
  const tooLarge = chain.find((each) => each instanceof ReplyTooLarge);
  if (tooLarge) return providerFailure('output_malformed', served, `sent too much: ${tooLarge.message}`);
  if (chain.some((each) => each instanceof SyntaxError))
    return providerFailure('output_malformed', served, 'sent what is not JSON');
  const code = chain.map(({ code }) => code).find((each) => typeof each === 'string' && NETWORK.test(each));
  if (code === undefined && !chain.some(({ message }) => FETCH_SAYS.test(message))) return undefined;
  if (code !== undefined && TIMED_OUT.test(code))
    return providerFailure('timeout', served, `did not answer: ${code}`, { providerCode: code });
  const said = code ?? quote(chain.at(-1)?.message, served.key);
  return providerFailure('overloaded', served, `cannot be reached, or broke off: ${said}`, { providerCode: said });
}

/** Deep enough for the SDKs, which wrap the network's error twice. */
const MOST_CAUSES = 6;

function chainOf(error: unknown): readonly (Error & { code?: string })[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < MOST_CAUSES; each = each.cause) chain.push(each);
  return chain;
}

// How the SDKs reach the network. Node's own `fetch` gives up on a reply after five minutes even if the step allows more,
// and the SDKs read a body of any length: here the step's signal is the only clock, and a body has an end.

/**
 * A batch of embeddings has some 4 MB, at most 8; a chat reply far less. The time that an SDK takes to read one event of a
 * stream grows with the square of its length.
 */
export const MOST_REPLY_BYTES = 16 * 1024 * 1024;
const CONNECT_LIMIT_MS = 15_000;
/** Idle connections are closed after this: sooner than load balancers close them, which would lose a request. */
const IDLE_MS = 20_000;
const CONNECTIONS = 256;

class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';
}

/** The longest that an SDK waits for the head of a reply. A step's own limit is shorter: this one is for what has none. */
export const REPLY_LIMIT_MS = 600_000;

export function createFetch(mostBytes: number = MOST_REPLY_BYTES): typeof globalThis.fetch {
  const dispatcher = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_LIMIT_MS },
    keepAliveTimeout: IDLE_MS,
    connections: CONNECTIONS,
  });
  const bounded = async (url: string, init: Parameters<typeof undiciFetch>[1]) => {
    const response = await undiciFetch(url, { ...init, dispatcher });
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body.pipeThrough(boundary(mostBytes));
    return new Response(body as ReadableStream, { status, statusText, headers: [...headers] });
  };
  // Both SDKs call it with an address and what `fetch` takes; only the declared types of undici and Node differ.
  return bounded as unknown as typeof globalThis.fetch;
}

function boundary(mostBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > mostBytes) controller.error(new ReplyTooLarge(`the reply has more than ${mostBytes} bytes`));
      else controller.enqueue(chunk);
    },
  });
}

/** A reply's text to the data it was asked for: a model's promise to keep to a schema is not taken on trust. */
const NAMED_ISSUES = 3;
const ISSUE_CHARACTERS = 200;

/** @throws StepFailure `output_malformed`, which says where it does not fit and never quotes the reply */
export function parseData<T>(text: string, { name, schema }: Shape<T>, served: Served, usage: Usage): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw providerFailure('output_malformed', served, `was asked for ${name}, and its reply is not JSON`, { usage });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const said = issuesOf(parsed.error).slice(0, ISSUE_CHARACTERS);
  throw providerFailure('output_malformed', served, `was asked for ${name}, and its reply does not fit: ${said}`, {
    usage,
  });
}

/** How Cohere's SDK gives a body that it could not read: as if it were the reply. */
const Unread = z.object({ ok: z.literal(false), error: z.object({ reason: z.literal('non-json') }) });

/** @throws StepFailure `output_malformed` where a body is not what the protocol says */
export function parseBody<T>(body: unknown, schema: z.ZodType<T>, served: Served): T {
  if (Unread.safeParse(body).success) throw providerFailure('output_malformed', served, 'sent what is not JSON');
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const said = issuesOf(parsed.error).slice(0, ISSUE_CHARACTERS);
  throw providerFailure('output_malformed', served, `sent what is no reply of its protocol: ${said}`);
}

const issuesOf = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, NAMED_ISSUES)
    .map(({ path, message }) => `${z.core.toDotPath(path) || 'all of it'}: ${message}`)
    .join('; ');
