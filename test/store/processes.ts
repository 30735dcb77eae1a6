/** Two client processes that begin one task at the same moment. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../src/plan/plan.ts';
import type { Assignment, tasks } from './client-process.ts';

type Answer =
  | { readonly kind: 'connected' | 'inside' }
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export async function together<Result extends Json>(
  url: string,
  task: keyof typeof tasks,
  given: Assignment,
): Promise<readonly Result[]> {
  const clients = await Promise.all([connect(url, task), connect(url, task)]);
  const answers = clients.map((client) => next(client));
  for (const client of clients) client.send(given);
  return (await Promise.all(answers)).map((answer) => {
    if (answer.kind === 'done') return answer.result as Result;
    return { ...answer } as unknown as Result;
  });
}

/** A client process that is connected, and waits to be sent its assignment. */
export async function connect(url: string, task: keyof typeof tasks): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./client-process.ts', import.meta.url));
  const client = fork(program, [url, task], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await next(client);
  return client;
}

export function next(client: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the client process ended without an answer'));
    client.once('exit', onExit);
    client.once('message', (answer: Answer) => {
      client.off('exit', onExit);
      resolve(answer);
    });
  });
}
