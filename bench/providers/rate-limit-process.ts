/** One of the benchmark's workers: a process of its own whose callers ask one after the other, until time is up. */
import { setTimeout as delay } from 'node:timers/promises';
import { StepFailure } from '../../src/boundary/failure.ts';
import { readConfig } from '../../src/config/config.ts';
import type { ChatRequest } from '../../src/models/providers.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { createModels } from '../../src/worker/models.ts';

export interface Work {
  readonly callers: number;
  readonly endsAt: number;
}

const MODEL = 'openai/gpt-5-mini';
const ASKED: ChatRequest = { messages: [{ role: 'user', content: 'How?' }], maxOutputTokens: 50 };

const config = readConfig(process.env);
const database = openDatabase(config.databaseUrl!);
const { providers } = createModels(createStore(database), config);
const model = providers.languageModel(MODEL);

process.once('message', async ({ callers, endsAt }: Work) => {
  const stop = AbortSignal.timeout(Math.max(0, endsAt - Date.now()));
  const unexpected = (await Promise.all(Array.from({ length: callers }, (_, n) => ask(n, stop)))).flat();
  await database.close();
  process.send?.(unexpected, undefined, undefined, () => process.exit(0));
});
process.send?.('ready');

/** Asks until it is stopped, coming back as late as it is told to, as Temporal does; gives what else went wrong. */
async function ask(caller: number, signal: AbortSignal): Promise<string[]> {
  const unexpected: string[] = [];
  const runId = `bench-${process.pid}-${caller}`;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const call = { runId, key: 'draft', attempt, idempotencyKey: `${runId}:${attempt}`, signal } as const;
    await model.writeText(ASKED, { ...call, priority: 'serving' }).catch(async (error: unknown) => {
      if (signal.aborted) return;
      if (!(error instanceof StepFailure) || error.code !== 'rate_limited') unexpected.push(String(error));
      const waitMs = error instanceof StepFailure ? (error.retryAfterMs ?? 0) : 0;
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    });
  }
  return unexpected;
}
