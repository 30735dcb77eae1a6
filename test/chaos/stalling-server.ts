/** A provider that stalls: it takes requests and never answers, or stops in the middle of an answer. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface StallingServer {
  /** Takes the request and says nothing. */
  readonly silentUrl: string;
  /** Sends three parts, a tenth of a second apart, and then nothing more. */
  readonly stallingUrl: string;
  /** The socket of each request it took. */
  sockets(): readonly { readonly isOpen: boolean }[];
  stop(): Promise<void>;
}

const PARTS = 3;
const PART_PAUSE_MS = 100;

export async function startStallingServer(): Promise<StallingServer> {
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    sockets.push(request.socket);
    if (request.url === '/stalling') void answerInParts(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    silentUrl: `${origin}/silent`,
    stallingUrl: `${origin}/stalling`,
    sockets: () => sockets.map(({ destroyed }) => ({ isOpen: !destroyed })),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answerInParts(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (let part = 0; part < PARTS && !request.socket.destroyed; part++) {
    response.write(`part ${part}\n`);
    await delay(PART_PAUSE_MS);
  }
}
