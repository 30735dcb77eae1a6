/**
 * How long a token takes from the model to the caller: from when the stand-in for a provider sends it to when a watched
 * run's reader has it; with the worker in the reader's process, and in one of its own. Beside it, in the same minutes,
 * what the provider's own SDK takes without any of this. The stand-in is a process of its own always.
 *
 * npm run bench:tokens
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { implement } from '../src/boundary/implement.ts';
import { readConfig } from '../src/config/config.ts';
import { connectRuntime, type MakeImplementations, type Runtime, startRuntime } from '../src/host/runtime.ts';
import { definePipeline, defineStep } from '../src/index.ts';
import { spawnStandIn } from '../test/standin/connect.ts';
import { createSdkCalls } from '../test/standin/sdk-calls.ts';
import { type Figure, report } from './support/report.ts';
import { quantile } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const RUNS = isSmoke ? 1 : 10;
const TOKENS = isSmoke ? 20 : 100;
const TOKEN_MS = 10;
const P50_MS = 60;

const Text = z.object({ text: z.string() });
const say = defineStep('say', {
  version: 1,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 minute' },
});
const spoken = definePipeline('spoken', Text)
  .step('answer', say, ({ input }) => ({ text: input.text }))
  .output(Text, ({ answer }) => ({ text: answer.text }));

const implementations: MakeImplementations = ({ providers }) => [
  implement(say, async ({ text }, { emit, ...context }) => {
    const model = providers.languageModel('openai/gpt-4.1-mini');
    const request = { messages: [{ role: 'user', content: text }], maxOutputTokens: 1_000, onText: emit } as const;
    return { text: (await model.writeText(request, { ...context, priority: 'serving' })).text };
  }),
];

const [role, workerFolder] = process.argv.slice(2);
if (role === '--worker') {
  process.once('disconnect', () => process.exit(0));
  await connectRuntime({ folder: workerFolder!, config: readConfig(process.env), implementations });
  process.send!('ready');
} else process.exitCode = (await measure()) || isSmoke ? 0 : 1;

async function measure(): Promise<boolean> {
  const standIn = await spawnStandIn();
  const deltas = Array.from({ length: TOKENS }, (_, at) => `word${at} `);
  await standIn.reply({}, { deltas }, { times: 'always' });
  await standIn.fault({ kind: 'slow', msPerToken: TOKEN_MS }, { times: 'always' });
  const providers = { OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: standIn.openaiUrl };
  const { openaiStream } = createSdkCalls(standIn);

  /** Calls `read`, which tells of each text that arrived, and gives each token's way in milliseconds. */
  async function timed(read: (onText: (text: string) => void) => Promise<void>): Promise<number[]> {
    const arrivedAt: number[] = [];
    let length = 0;
    await read((text) => {
      length += text.length;
      // A text may hold several tokens; one that is cut has arrived when its end has.
      for (let end = endOf(deltas, arrivedAt.length); arrivedAt.length < TOKENS && end <= length; ) {
        arrivedAt.push(performance.timeOrigin + performance.now());
        end = endOf(deltas, arrivedAt.length);
      }
    });
    const sentAt = (await standIn.requests()).at(-1)!.sentAtMs;
    if (arrivedAt.length < TOKENS) throw new Error(`${TOKENS - arrivedAt.length} tokens did not come by their way`);
    return arrivedAt.map((at, token) => at - sentAt[token]!);
  }
  const direct = () =>
    timed(async (onText) => {
      for await (const chunk of await openaiStream()) onText(chunk.choices[0]?.delta.content ?? '');
    });
  const watched = ({ client }: Runtime) =>
    timed(async (onText) => {
      for await (const event of client.stream(spoken, { text: 'speak' }, { drafts: true })) {
        if (event.kind === 'token') onText(event.text);
        if (event.kind === 'failed') throw new Error(event.error?.message);
      }
    });
  /** Alternating, so that both meet the same machine. */
  async function both(runtime: Runtime, way: string): Promise<Figure[]> {
    await watched(runtime); // connections, and code that runs for the first time
    await direct();
    const [ours, sdk]: [number[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      ours.push(...(await watched(runtime)));
      sdk.push(...(await direct()));
    }
    return [
      { what: `${way}: p50`, value: quantile(ours, 0.5), unit: 'ms', asked: { atMost: P50_MS } },
      { what: `${way}: p95`, value: quantile(ours, 0.95), unit: 'ms' },
      { what: "the provider's SDK alone, alternating with it: p50", value: quantile(sdk, 0.5), unit: 'ms' },
      { what: "the provider's SDK alone, alternating with it: p95", value: quantile(sdk, 0.95), unit: 'ms' },
    ];
  }

  try {
    const inOne = await withRuntime(providers, { implementations }, (runtime) =>
      both(runtime, 'worker in the process'),
    );
    const inTwo = await withRuntime(providers, {}, async (runtime, folder) => {
      const worker = await startWorker(folder, providers);
      try {
        return await both(runtime, 'worker in another process, by HTTP');
      } finally {
        worker.kill();
      }
    });
    return report(`tokens to the caller: ${RUNS} runs of ${TOKENS} tokens, one each ${TOKEN_MS} ms`, [
      ...inOne,
      ...inTwo,
    ]);
  } finally {
    await standIn.close();
  }
}

/** Where a token ends in the whole text. */
function endOf(deltas: readonly string[], token: number): number {
  return deltas.slice(0, token + 1).join('').length;
}

async function withRuntime<T>(
  environment: { readonly [name: string]: string },
  worker: { readonly implementations?: MakeImplementations },
  work: (runtime: Runtime, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const config = readConfig({ SLUICE_CACHE: join(process.cwd(), '.sluice', 'cache'), ...process.env, ...environment });
  const runtime = await startRuntime({ folder, config, ...worker });
  try {
    return await work(runtime, folder);
  } finally {
    await runtime.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startWorker(folder: string, environment: { readonly [name: string]: string }): Promise<ChildProcess> {
  const env = { SLUICE_CACHE: join(process.cwd(), '.sluice', 'cache'), ...process.env, ...environment };
  const child = fork(fileURLToPath(import.meta.url), ['--worker', folder], { env });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`))),
  ]);
  return child;
}
