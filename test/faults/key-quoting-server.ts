/** A provider that repeats keys, whole and in parts, in everything it says: proxies and bad days of real ones do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Answer {
  readonly status: number;
  readonly body: (key: string) => string;
}

const error = (message: string): string => JSON.stringify({ message, error: { message, type: 'x', code: null } });

const ANSWERS: readonly Answer[] = [
  { status: 401, body: (key) => error(`Incorrect API key provided: ${key}.`) },
  { status: 401, body: (key) => error(`Incorrect API key provided: ${key.slice(0, 20)}...`) },
  { status: 401, body: (key) => error(`The key that ends in ...${key.slice(-14)} is not known.`) },
  { status: 401, body: (key) => error(`No such key: hash=${key.slice(10, 30)}&scope=all`) },
  { status: 403, body: (key) => error(`/${key.slice(5, 18)}/${key.slice(18, 31)}/ is closed`) },
  { status: 401, body: (key) => `<html><body>Authorization: Bearer ${key}</body></html>` },
  { status: 400, body: (key) => JSON.stringify({ detail: [{ headers: { authorization: `Bearer ${key}` } }] }) },
  { status: 200, body: (key) => `not JSON, but ${key}` },
  { status: 200, body: (key) => JSON.stringify({ [key]: key, choices: [{ [key]: key }], results: key }) },
];

/** Every answer has been given to each provider's key after so many requests. */
export const KINDS_OF_ANSWERS = ANSWERS.length;

export interface KeyQuotingServer {
  readonly url: string;
  /** How many answers of each kind were given. */
  readonly given: ReadonlyMap<Answer, number>;
  stop(): Promise<void>;
}

export async function startKeyQuotingServer(): Promise<KeyQuotingServer> {
  const given = new Map<Answer, number>();
  let count = 0;
  const server = createServer((request, response) => {
    const key = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const answer = ANSWERS[count++ % ANSWERS.length]!;
    given.set(answer, (given.get(answer) ?? 0) + 1);
    request.resume().on('end', () => {
      response.writeHead(answer.status, { 'content-type': 'application/json', 'x-request-id': key, 'x-key': key });
      response.end(answer.body(key));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
