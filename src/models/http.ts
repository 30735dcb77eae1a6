/**
 * How the SDKs reach the network. Node's own `fetch` gives up on a reply after five minutes whatever the step allows, and
 * the SDKs read a body of any length: here the step's signal is the only clock, and a body has an end.
 */
import { Agent, fetch as undiciFetch } from 'undici';

/**
 * A batch of embeddings has some 4 MB, at most 8; a chat reply far less. The time that an SDK takes to read one event of a
 * stream grows with the square of its length.
 */
export const MOST_REPLY_BYTES = 16 * 1024 * 1024;
const CONNECT_LIMIT_MS = 15_000;
/** Idle connections are closed after this: sooner than load balancers close them, which would lose a request. */
const IDLE_MS = 20_000;
const CONNECTIONS = 256;

export class ReplyTooLarge extends Error {
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
