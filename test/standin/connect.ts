/** A stand-in that runs in a process of its own: started here, or already running at an address. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ControlMethod, controlPath } from './control.ts';
import type { Billed, RequestSeen } from './record.ts';
import type { StandIn, StandInOptions } from './stand-in.ts';

const pollMs = 20;

/** The stand-in at an address; `close` leaves it running. */
export function connectStandIn(url: string): StandIn {
  const call = async <Value>(method: ControlMethod, ...args: readonly unknown[]): Promise<Value> => {
    const response = await fetch(`${url}${controlPath}${method}`, { method: 'POST', body: JSON.stringify(args) });
    const { value, error } = (await response.json()) as { readonly value: Value; readonly error?: string };
    if (error !== undefined) {
      throw new Error(error);
    }
    return value;
  };
  const requests = () => call<readonly RequestSeen[]>('requests');
  return {
    url,
    openaiUrl: `${url}/v1`,
    cohereUrl: url,
    reply: (...args) => call('reply', ...args),
    fault: (...args) => call('fault', ...args),
    limit: (...args) => call('limit', ...args),
    requests: (...args) => call('requests', ...args),
    billed: (...args) => call<Billed>('billed', ...args),
    reset: () => call('reset'),
    close: async () => undefined,
    async until(test, withinMs = 60_000) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const now = await requests();
        if (test(now)) {
          return now;
        }
        if (Date.now() > deadline) {
          throw new Error(`what was waited for did not happen in ${withinMs} ms, with ${now.length} requests seen`);
        }
        await pause(pollMs);
      }
    },
  };
}

/** Starts `main.ts` and resolves when it listens; `close` ends it. It ends by itself when this process does. */
export async function spawnStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [program, '--options', JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`the stand-in ended with ${code} before it listened`)),
    ),
  ])) as [string];
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    ...connectStandIn(url),
    async close() {
      if (child.exitCode === null) {
        child.kill();
        await once(child, 'exit');
      }
    },
  };
}
