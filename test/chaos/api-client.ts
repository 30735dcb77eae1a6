/**
 * A client of the API as a sensible one is: what breaks, or is refused for now, it sends again with the same key, after a
 * pause, for ten minutes and no longer. Once it was told a run's id, it sends the request no more and asks for the run.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** How it asks: for JSON, for a stream of events, or only for the run's id. */
export type Way = 'json' | 'stream' | 'async';

interface ApiClientOptions {
  readonly url: string;
  readonly key: string;
  readonly pipeline: string;
}

export interface Ended {
  readonly runId: string;
  readonly outcome: string;
  readonly output: unknown;
}

/** Of one asking: the id is known as soon as the request is accepted, the rest where it was answered at once. */
export interface Accepted {
  readonly runId: string;
  readonly ended?: Ended;
}

/** How often the API said this status; 0: the connection was refused or broke. */
export type Statuses = Map<number, number>;

export interface ApiClient {
  readonly statuses: Statuses;
  /** @param tries how often, at most. Undefined: nobody accepted it. */
  ask(request: { n: number; way: Way; key: string }, tries?: number): Promise<Accepted | undefined>;
  /** The run when it has ended; undefined: it does not, or is not there. */
  ended(runId: string): Promise<Ended | undefined>;
  /** The id of what was kept; undefined: nobody acknowledged it. */
  say(runId: string, said: { score: number; key: string }): Promise<string | undefined>;
}

/** As long as a run may take: on a busy machine, too, what is slow is not lost. */
const GIVE_UP_MS = 600_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Of one try. */
const ANSWER_LIMIT_MS = 90_000;
const BROKEN = 0;

export function createApiClient({ url, key, pipeline }: ApiClientOptions): ApiClient {
  const statuses: Statuses = new Map();

  async function send(method: 'GET' | 'POST', path: string, { headers = {}, body }: Sent = {}): Promise<Response> {
    const response = await fetch(`${url}${path}`, {
      ...{ method, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) },
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    return response;
  }

  /** Undefined where it never gave anything. What is refused for good is a defect, and thrown. */
  async function insist<T>(attempt: () => Promise<T | Refused>, tries: number): Promise<T | undefined> {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    for (let pauseMs = FIRST_PAUSE_MS, tried = 0; tried < tries && performance.now() < giveUpAt; tried += 1) {
      const given = await attempt().catch((error: unknown) => {
        if (error instanceof RefusedForGood) throw error;
        statuses.set(BROKEN, (statuses.get(BROKEN) ?? 0) + 1);
        return refused(0);
      });
      if (!isRefused(given)) return given;
      if (tried + 1 < tries) await delay(Math.max(pauseMs, given.afterMs));
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
    return undefined;
  }

  return {
    statuses,
    ask: ({ n, way, key }, tries = Number.POSITIVE_INFINITY) =>
      insist(async (): Promise<Accepted | Refused> => {
        const response = await send('POST', `/v1/pipelines/${pipeline}/runs`, {
          headers: { 'idempotency-key': key, ...HEADERS[way] },
          body: { input: { n } },
        });
        if (!response.ok) return refusedBy(response);
        if (way === 'stream') return readEvents(response);
        const run = (await response.json()) as Ended;
        return response.status === 200 ? { runId: run.runId, ended: run } : { runId: run.runId };
      }, tries),
    ended: (runId) =>
      insist(async (): Promise<Ended | Refused> => {
        const response = await send('GET', `/v1/runs/${runId}`);
        if (!response.ok) return refusedBy(response);
        const run = (await response.json()) as Ended;
        return response.status === 200 ? run : refused(0);
      }, Number.POSITIVE_INFINITY),
    say: (runId, { score, key }) =>
      insist(async (): Promise<string | Refused> => {
        const response = await send('POST', `/v1/runs/${runId}/feedback`, {
          headers: { 'idempotency-key': key },
          body: { score },
        });
        if (!response.ok) return refusedBy(response);
        return ((await response.json()) as { readonly feedbackId: string }).feedbackId;
      }, Number.POSITIVE_INFINITY),
  };
}

interface Sent {
  readonly headers?: { readonly [name: string]: string };
  readonly body?: object;
}

const HEADERS: { readonly [W in Way]: { readonly [name: string]: string } } = {
  json: {},
  stream: { accept: 'text/event-stream' },
  async: { prefer: 'respond-async' },
};

interface Refused {
  readonly isRefused: true;
  readonly afterMs: number;
}

class RefusedForGood extends Error {}

const refused = (afterMs: number): Refused => ({ isRefused: true, afterMs });
const isRefused = (given: unknown): given is Refused =>
  typeof given === 'object' && given !== null && 'isRefused' in given;

async function refusedBy(response: Response): Promise<Refused> {
  const said = await response.text();
  if (response.status !== 429 && response.status < 500) throw new RefusedForGood(`${response.status}: ${said}`);
  return refused(1_000 * Number(response.headers.get('retry-after') ?? 0));
}

/** Up to the answer, or as far as it comes: with its first event the run is known. */
async function readEvents(response: Response): Promise<Accepted | Refused> {
  let text = '';
  const broke = await readText(response, (part) => {
    text += part;
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const events = text
    .split('\n\n')
    .slice(0, -1) // what follows the last blank line is half an event
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => JSON.parse(line.slice('data: '.length)) as { readonly runId: string; readonly result?: Ended });
  const runId = events[0]?.runId;
  if (runId === undefined) throw broke ?? new Error('a stream without an event');
  const ended = events.find(({ result }) => result !== undefined)?.result;
  return { runId, ...(ended && { ended }) };
}

async function readText(response: Response, onPart: (part: string) => void): Promise<void> {
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) onPart(part);
}
