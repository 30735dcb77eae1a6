/**
 * The control API of a stand-in in another process: a path for each method of `StandIn` under `/_control/`, whose body is
 * the list of its arguments and whose answer is `{ value }` or `{ error }`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { StandIn } from './stand-in.ts';

export const controlPath = '/_control/';

const methods = ['reply', 'fault', 'limit', 'requests', 'billed', 'reset'] as const;

export type ControlMethod = (typeof methods)[number];

export async function handleControl(
  standIn: StandIn,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    const method = methods.find((each) => each === name);
    if (method === undefined) {
      send(404, { error: `there is no control '${name}'; there are ${methods.join(', ')}` });
      return;
    }
    const args = request.method === 'POST' ? ((await json(request)) as unknown[]) : [];
    const call = standIn[method] as (...parts: unknown[]) => Promise<unknown>;
    send(200, { value: (await call(...args)) ?? null });
  } catch (error) {
    send(400, { error: String(error) });
  }
}
