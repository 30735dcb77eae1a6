/**
 * The token sink of one process, whichever part it plays: those who start runs listen at its hub, for which a receiver
 * is opened when the first run asks for its tokens; a worker hands pieces to the hub if that is where they belong, and
 * sends them otherwise.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { once } from '../base/once.ts';
import type { Config } from '../config/config.ts';
import type { SinkAddress } from '../model/run-messages.ts';
import type { TokenOutlet, TokenPiece } from '../model/token-piece.ts';
import { createTokenHub, type TokenHub } from './token-hub.ts';
import {
  BATCH_PIECES,
  createTokenReceiver,
  listenForTokens,
  readSinkKey,
  signRun,
  type TokenListener,
} from './token-receiver.ts';

export interface TokenStreams {
  readonly hub: TokenHub;
  /** Where workers bring tokens for the hub; listens from the first call on. */
  address(): Promise<SinkAddress>;
  /** What a worker in this process gives pieces to. */
  readonly outlet: TokenOutlet;
  /** Pieces that went to other processes, and those that could not. */
  counts(): ReturnType<TokenSender['counts']>;
  stop(): Promise<void>;
}

export function createTokenStreams({ config, folder }: { readonly config: Config; readonly folder: string }) {
  const hub = createTokenHub();
  const key = once(() => readSinkKey(config, folder));
  const sender = createTokenSender(key, warn);
  let opened: Promise<TokenListener> | undefined;
  const listener = once(async () => {
    opened = key().then((key) => listenForTokens(createTokenReceiver({ hub, key }), config.sink.listen));
    return opened;
  });

  return Object.freeze({
    hub,
    address: async () => Object.freeze({ hub: hub.id, url: config.sink.url ?? (await listener()).url }),
    outlet: (sink, piece) => {
      if (sink.hub === hub.id) hub.publish(piece);
      else sender.send(sink, piece);
    },
    counts: sender.counts,
    async stop() {
      await sender.close();
      await (await opened?.catch(() => undefined))?.close();
    },
  } satisfies TokenStreams);
}

/** Tokens that are lost are seen nowhere else: the answer comes all the same. */
function warn(why: string): void {
  process.emitWarning(`tokens are not taken by ${why}`, {
    type: 'SluiceTokens',
    detail: 'answers are not affected; callers and workers need one SLUICE_SINK_KEY and an address that both reach',
  });
}

// The worker's end of the token sink where the run was started in another process: sends pieces over kept connections,
// one request at a time for each run. A piece leaves at once when nothing is under way, else with all that came
// meanwhile. A receiver that is slow, down or refuses costs pieces and nothing else: they are dropped and counted, and
// the answer comes by the workflow all the same.

/** Requests of one run begin at least this far apart: what comes meanwhile goes together. */
const GAP_MS = 5;
/** UTF-16 units of a batch: below the receiver's limit even where each takes six bytes. */
const BATCH_LENGTH = 150_000;
/** What waits for one receiver at most. */
const QUEUED_PIECES = 5_000;
const QUEUED_LENGTH = 2_000_000;
const ROUTES = 1_000;
const POST_MS = 2_000;
/** A receiver that did not answer is left alone this long; of a run that it refused it hears no more for longer. */
const DOWN_MS = 1_000;
const REFUSED_MS = 60_000;
const CONNECTIONS_PER_RECEIVER = 16;

export interface TokenSender {
  send(sink: SinkAddress, piece: TokenPiece): void;
  /** Pieces so far. */
  counts(): { readonly sent: number; readonly dropped: number };
  close(): Promise<void>;
}

interface Route {
  readonly sink: SinkAddress;
  readonly runId: string;
  queue: TokenPiece[];
  length: number;
}

/**
 * @param readKey the key that receivers know, asked for with the first piece
 * @param onDropped called with the reason when pieces are dropped, once per receiver and reason
 */
export function createTokenSender(
  readKey: () => Promise<string>,
  onDropped: (why: string) => void = () => undefined,
): TokenSender {
  const routes = new Map<string, Route>();
  const resting = new Map<string, number>();
  const reported = new Set<string>();
  let agent: Agent | undefined;
  let [sent, dropped] = [0, 0];

  function send(sink: SinkAddress, piece: TokenPiece): void {
    const name = `${sink.url} ${piece.runId}`;
    const route = routes.get(name);
    if (rests(sink.url) || rests(name) || (!route && routes.size >= ROUTES)) {
      dropped += 1;
      return;
    }
    if (!route) {
      const made = { sink, runId: piece.runId, queue: [piece], length: piece.text.length };
      routes.set(name, made);
      void pump(name, made);
    } else if (route.queue.length >= QUEUED_PIECES || route.length > QUEUED_LENGTH) dropped += 1;
    else {
      route.queue.push(piece);
      route.length += piece.text.length;
    }
  }

  async function pump(name: string, route: Route): Promise<void> {
    try {
      while (route.queue.length > 0) {
        const startedAt = performance.now();
        const batch = takeBatch(route);
        const failure = await post(route, batch);
        if (failure) {
          dropped += batch.length + route.queue.length;
          rest(failure.isFinal ? name : route.sink.url, failure.isFinal ? REFUSED_MS : DOWN_MS);
          if (failure.why !== undefined) report(`${route.sink.url}: ${failure.why}`);
          return;
        }
        sent += batch.length;
        await delay(Math.max(0, startedAt + GAP_MS - performance.now()), undefined, { ref: false });
      }
    } finally {
      routes.delete(name);
    }
  }

  async function post({ sink, runId }: Route, batch: readonly TokenPiece[]): Promise<PostFailure | undefined> {
    try {
      agent ??= new Agent({
        connections: CONNECTIONS_PER_RECEIVER,
        connectTimeout: POST_MS,
        headersTimeout: POST_MS,
        bodyTimeout: POST_MS,
      });
      const { statusCode, body } = await request(`${sink.url}/runs/${encodeURIComponent(runId)}/tokens`, {
        method: 'POST',
        dispatcher: agent,
        headers: { authorization: `Bearer ${signRun(await readKey(), runId)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ pieces: batch.map(({ runId: _, ...piece }) => piece) }),
      });
      await body.dump();
      if (statusCode === 204) return undefined;
      // Nobody listens any more, or this worker is not known there: neither changes while the run lasts.
      if (statusCode === 410) return { isFinal: true };
      return { isFinal: statusCode === 401, why: `answered ${statusCode}` };
    } catch (error) {
      return { isFinal: false, why: error instanceof Error ? error.message : String(error) };
    }
  }

  function rests(name: string): boolean {
    const until = resting.get(name);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    resting.delete(name);
    return false;
  }

  function rest(name: string, restMs: number): void {
    resting.set(name, performance.now() + restMs);
    if (resting.size > ROUTES) resting.delete(resting.keys().next().value!);
  }

  function report(why: string): void {
    if (reported.has(why) || reported.size >= ROUTES) return;
    reported.add(why);
    onDropped(why);
  }

  return Object.freeze({ send, counts: () => ({ sent, dropped }), close: async () => agent?.destroy() });
}

/** Why a batch was not taken; without a reason where that is how runs end. */
interface PostFailure {
  readonly isFinal: boolean;
  readonly why?: string;
}

function takeBatch(route: Route): TokenPiece[] {
  let [count, length] = [0, 0];
  for (const { text } of route.queue) {
    if (count === BATCH_PIECES || (count > 0 && length + text.length > BATCH_LENGTH)) break;
    count += 1;
    length += text.length;
  }
  const batch = route.queue.slice(0, count);
  route.queue = route.queue.slice(count);
  route.length -= length;
  return batch;
}
