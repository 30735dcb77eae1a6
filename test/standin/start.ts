/** A stand-in in this process. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cohereChat } from './cohere-chat.ts';
import { cohereEmbed } from './cohere-embed.ts';
import { cohereRefusal } from './cohere-errors.ts';
import { cohereRerank } from './cohere-rerank.ts';
import { controlPath, handleControl } from './control.ts';
import { exchange, type World } from './exchange.ts';
import { createFaults } from './faults.ts';
import { createLimits } from './limits.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiRefusal } from './openai-errors.ts';
import { openaiModels } from './openai-models.ts';
import { matchesRecord, type OpenRecord, type RequestSeen, sumBilled } from './record.ts';
import { createScripts, type ReplyMaker, type ReplyScript } from './scripts.ts';
import type { Match, Often, StandIn, StandInOptions } from './stand-in.ts';

/** Longer than any test: a client never meets a connection that was closed for being idle. */
const keepAliveMs = 600_000;

const routes = [openaiChat, openaiEmbeddings, openaiModels, cohereChat, cohereEmbed, cohereRerank];

/** A stand-in whose replies may also be functions of the request. */
export interface LocalStandIn extends StandIn {
  reply(match: Match, script: ReplyScript | ReplyMaker, often?: Often): Promise<void>;
}

export async function startStandIn(options: StandInOptions = {}): Promise<LocalStandIn> {
  const watchers = new Set<() => void>();
  const world: World = {
    options,
    scripts: createScripts(),
    faults: createFaults(options.seed ?? 1),
    limits: createLimits(),
    records: [],
    changed: () => {
      for (const watch of watchers) {
        watch();
      }
    },
  };
  /** Exchanges under way; idle connections are kept, since a client may be about to use one. */
  const open = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => void handle(request, response));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const standIn: LocalStandIn = {
    url,
    openaiUrl: `${url}/v1`,
    cohereUrl: url,
    reply: async (match, script, often = {}) => world.scripts.add(match, script, often),
    fault: async (fault, when = {}) => world.faults.add(fault, when),
    limit: async (match, limit) => world.limits.add(match, limit),
    requests: async (match = {}) => seen(world.records, match),
    until: (test, withinMs = 60_000) => untilSeen(world.records, watchers, test, withinMs),
    billed: async (prices, match = {}) => sumBilled(seen(world.records, match), prices),
    async reset() {
      world.scripts.clear();
      world.faults.clear();
      world.limits.clear();
      world.records.splice(0);
      for (const response of open) {
        response.socket?.destroy();
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', url).pathname;
    if (path.startsWith(controlPath)) {
      await handleControl(standIn, path.slice(controlPath.length), request, response);
      return;
    }
    const route = routes.find((each) => each.path === path && each.method === request.method);
    if (route === undefined) {
      const message = `Invalid URL (${request.method} ${path})`;
      const refusal = path.startsWith('/v1/') ? openaiRefusal(404, { message }) : cohereRefusal(404, message);
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(refusal.body));
      return;
    }
    open.add(response);
    response.once('close', () => open.delete(response));
    await exchange(world, route, request, response).catch((error: unknown) => {
      // A mistake of the test's own: told where it will be seen, by a status that no provider sends.
      if (response.headersSent) {
        response.destroy();
      } else {
        const message = `stand-in: ${error instanceof Error ? error.message : String(error)}`;
        response.writeHead(501, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ message, error: { message, type: 'stand_in', param: null, code: null } }));
      }
    });
  }

  return standIn;
}

/** Copies, so that what a test holds does not change under it. */
function seen(records: readonly OpenRecord[], match: Match): readonly RequestSeen[] {
  return records.filter((record) => matchesRecord(match, record)).map((record) => structuredClone(record));
}

function untilSeen(
  records: readonly OpenRecord[],
  watchers: Set<() => void>,
  test: (requests: readonly RequestSeen[]) => boolean,
  withinMs: number,
): Promise<readonly RequestSeen[]> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      watchers.delete(watch);
    };
    const watch = () => {
      if (test(records)) {
        stop();
        resolve(seen(records, {}));
      }
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`what was waited for did not happen in ${withinMs} ms, with ${records.length} requests seen`));
    }, withinMs);
    watchers.add(watch);
    watch();
  });
}
