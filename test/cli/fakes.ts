/** A session whose output is kept, and servers that answer from memory: what commands are tested with. */
import { z } from 'zod';
import { SluiceError } from '../../src/base/errors.ts';
import type { World } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Services } from '../../src/cli/session.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import type { AnyPipeline } from '../../src/dsl/edit.ts';
import { defineStep } from '../../src/dsl/step.ts';
import type { Runtime } from '../../src/host/runtime.ts';
import type { OpenedStore } from '../../src/host/store-only.ts';
import { planId } from '../../src/plan/id.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';
import { docsBot } from '../plan/example.ts';

export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeWorld {
  readonly services?: Partial<Services>;
  readonly runtime?: unknown;
  readonly environment?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
  readonly folder?: string;
  readonly ask?: (question: string) => Promise<string>;
  /** Takes all output, in the order in which it is written. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command line in this process, over the fakes given. */
export async function run(argv: readonly string[], fake: FakeWorld = {}): Promise<Ran> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const outputTo = (list: string[]) => ({
    write(text: string) {
      list.push(text);
      fake.onOutput?.(text);
    },
  });
  let code: number | undefined;
  const runtime = fake.runtime as Runtime | undefined;
  const services: Services = {
    config: () => Promise.reject(new Error('no config was expected to be read')),
    project: () => Promise.reject(new Error('no project was expected to be loaded')),
    pipelines: async () => pipelines,
    datasets: async () => new Map(),
    evaluations: async () => new Map(),
    experiments: async () => new Map(),
    monitors: async () => new Map(),
    connect: async () => runtime ?? Promise.reject(nothingRunning()),
    start: () => Promise.reject(new Error('no server was expected to be started')),
    openStore: async () =>
      (fake.runtime as OpenedStore | undefined) ?? Promise.reject(new Error('no store was expected')),
    connectWorker: () => Promise.reject(new Error('no worker was expected to be started')),
    ...fake.services,
  };
  const world: World = {
    stdout: outputTo(stdout),
    stderr: outputTo(stderr),
    environment: fake.environment ?? {},
    folder: fake.folder ?? '/nowhere',
    signal: fake.signal ?? new AbortController().signal,
    services,
    ...(fake.ask && { ask: fake.ask }),
    exit: (given) => {
      code = given;
    },
  };
  await runProgram(argv, world);
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

export const nothingRunning = () =>
  new SluiceError('nothing_running', { message: 'nothing serves this folder', remedy: 'start it: sluice dev' });

/** What `ask` says beside the answer of a pipeline that is not deployed. */
export const undeployed = (pipeline: string): string =>
  `${pipeline} is not deployed: running its definition in code; deploy it with: sluice deploy ${pipeline}\n`;

/** A runtime of which only what is given exists; whether it was stopped can be asked. */
export function fakeRuntime(parts: object, onStop: () => void = () => undefined) {
  const state = { stopped: 0 };
  const runtime = {
    temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: 'http://localhost:8233' },
    databaseUrl: 'postgres://postgres@127.0.0.1:5433/postgres',
    isEphemeral: false,
    isUiServed: true,
    urlOf: (id: string) => `ui/${id}`,
    failed: new Promise<never>(() => undefined),
    ...parts,
    client: {
      check: async () => undefined,
      // Nothing is deployed.
      serve: async (pipeline: object) => ({ ...pipeline, deployment: null }),
      ...('client' in parts && (parts.client as object)),
    },
    stop: async () => {
      state.stopped += 1;
      onStop();
    },
  };
  return { runtime, state };
}

const Question = z.object({ question: z.string().min(1), history: z.array(z.string()).optional() });
const rerank = defineStep('rerank', {
  version: 2,
  input: z.object({ query: z.string(), passages: z.array(z.string()) }),
  output: z.object({ passages: z.array(z.string()) }),
  config: z.object({ topN: z.number().default(8) }),
  effect: 'read',
  policy: { attempts: 3, timeout: '30 seconds' },
});

export const pipelineOf = (plan: Plan, id: string = plan.pipeline): AnyPipeline => ({
  id,
  plan,
  input: Question,
  output: z.object({ text: z.string() }),
  steps: [rerank],
});

export const pipelines: ReadonlyMap<string, AnyPipeline> = new Map([
  ['docs-bot', pipelineOf(docsBot)],
  ['related-pages', pipelineOf({ ...docsBot, pipeline: 'related-pages' })],
]);

export const finishedRun: RunResult = {
  runId: 'run-7d2f0000',
  pipeline: 'docs-bot',
  variant: null,
  planId: planId(docsBot),
  calls: [],
  arms: {},
  outcome: 'degraded',
  output: {
    text: 'Call streamText [1].',
    citations: [{ n: 1, passageId: 'p1', title: 'Guide', heading: ['Streaming'], url: 'https://example.org/s' }],
  },
  degraded: true,
  nodes: [
    {
      id: 'enhance',
      key: 'enhance',
      step: 'enhanceQuery@1',
      outcome: 'completed',
      attempts: 1,
      durationMs: 4,
      ...NOTHING_SPENT,
      error: null,
    },
    {
      id: 'ranked',
      key: 'ranked',
      step: 'keepOrder@1',
      outcome: 'fallback',
      attempts: 3,
      durationMs: 1_200,
      ...NOTHING_SPENT,
      error: null,
    },
    {
      id: 'answer',
      key: 'answer',
      step: null,
      outcome: 'completed',
      attempts: 0,
      durationMs: null,
      ...NOTHING_SPENT,
      error: null,
    },
  ],
  error: null,
  durationMs: 1_300,
  ...NOTHING_SPENT,
  temporalUrl: 'http://localhost:8233/namespaces/default/workflows/run-7d2f0000',
};

export const failedRun: RunResult = {
  ...finishedRun,
  outcome: 'failed',
  output: null,
  degraded: false,
  nodes: [
    {
      id: 'ranked',
      key: 'ranked',
      step: 'rerank@2',
      outcome: 'failed',
      attempts: 4,
      durationMs: 38_000,
      ...NOTHING_SPENT,
      error: null,
    },
  ],
  error: {
    code: 'rate_limited',
    message: 'cohere answered 429 (rate limited) each time',
    node: 'ranked',
    key: 'ranked',
    details: { remedy: "give 'ranked' a fallback" },
  },
  durationMs: 38_000,
};
