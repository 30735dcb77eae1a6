/**
 * One Ctrl-C or SIGTERM ends every command, whatever it waits for: servers that do not answer, and servers that are
 * reached and answer nothing. The commands are those of the program: a new one has to be added to the table here.
 */

// As in a process of `sluice serve`: before any schema is made.
import '@hono/zod-openapi';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createServices } from '../../src/cli/command.ts';
import { createProgram } from '../../src/cli/program.ts';
import { EXIT, type Services } from '../../src/cli/session.ts';
import { run } from './fakes.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const question = '{"question": "How?"}';

/** What each command is given after its name, such that it asks its servers for something. */
const SERVED: { readonly [command: string]: readonly string[] } = {
  demo: [],
  dev: [],
  ingest: ['FOLDER', '--index', 'docs'],
  ask: ['docs-bot', 'How?'],
  feedback: ['run-1', '--thumb', 'up'],
  search: ['--index', 'docs', 'How?'],
  'index list': [],
  'index show': ['docs'],
  'index diff': ['docs', 'a', 'b'],
  'index prune': ['docs', '--keep', '2'],
  'dataset import': ['FOLDER/questions.jsonl'],
  'dataset list': [],
  'dataset show': ['ai-docs'],
  'dataset diff': ['ai-docs@a', 'ai-docs@b'],
  'dataset add': ['ai-docs', '--from-run', 'run-1', '--accept'],
  'dataset export': ['ai-docs'],
  'eval plan': ['retrieval'],
  'eval run': ['retrieval'],
  'eval status': ['retrieval'],
  'eval list': [],
  'eval pause': ['retrieval'],
  'eval resume': ['retrieval'],
  'eval cancel': ['retrieval'],
  'eval compare': ['retrieval'],
  'eval show': ['retrieval', 'cut-off'],
  'eval report': ['retrieval'],
  'eval leaderboard': [],
  'eval noise': ['retrieval'],
  'judge export': ['answers', '--scorer', 'judged'],
  'judge import': ['FOLDER/labels.csv', '--rater', 'ada'],
  'judge show': ['answers'],
  'review list': [],
  'review start': ['experts', '--evaluation', 'answers', '--scorer', 'judged'],
  'review show': ['experts'],
  'review item': ['experts', '1'],
  'review next': ['experts', '--as', 'ada'],
  'review label': ['experts', '1', '--as', 'ada', '--set', 'correct=yes'],
  'review pass': ['experts', '1', '--as', 'ada', '--why', 'not mine'],
  'review decide': ['experts', '1', '--as', 'ada', '--set', 'correct=yes', '--note', 'it is'],
  'review close': ['experts', '--why', 'done'],
  'review dataset': ['experts', '--to', 'ai-docs'],
  backtest: ['docs-bot', '--variant', 'hyde'],
  'backtest show': ['backtest-1'],
  'backtest list': [],
  'backtest stop': ['backtest-1'],
  'shadow start': ['docs-bot', '--variant', 'hyde', '--share', '0.1'],
  'shadow status': [],
  'shadow stop': ['shadow-1'],
  deploy: ['docs-bot'],
  'experiment list': [],
  'experiment plan': ['rerank-online'],
  'experiment start': ['rerank-online'],
  'experiment status': ['rerank-online'],
  'experiment pause': ['rerank-online', '--why', 'x'],
  'experiment resume': ['rerank-online', '--why', 'x'],
  'experiment approve': ['rerank-online', '--why', 'x'],
  'experiment abort': ['rerank-online', '--why', 'x', '--yes'],
  'experiment brief': ['rerank-online'],
  'experiment history': ['rerank-online'],
  'experiment audit': ['rerank-online'],
  'rollout start': ['docs-bot', '--variant', 'hyde'],
  'rollout status': [],
  'rollout pause': ['--why', 'x'],
  'rollout resume': ['--why', 'x'],
  'rollout approve': ['--why', 'x'],
  'rollout abort': ['--why', 'x', '--yes'],
  'monitor list': [],
  'monitor start': ['supported-live'],
  'monitor status': ['supported-live'],
  'monitor stop': ['supported-live'],
  simulate: ['docs-bot', '--dataset', 'ai-docs'],
  pipelines: [],
  runs: [],
  'runs views': [],
  'runs views save': ['slow', '--where', 'latency > 2s'],
  'runs views remove': ['slow'],
  'runs prune': ['--older-than', '30d'],
  'runs erase': ['run-1', '--yes'],
  trace: ['run-1'],
  'plan show': ['fedcba98'],
  'plan draw': ['fedcba98'],
  'plan diff': ['fedcba98', 'docs-bot'],
  audit: [],
  serve: [],
  'keys create': ['my-app', '--scope', 'ask'],
  'keys list': [],
  'keys revoke': ['my-app'],
  worker: [],
  'worker versions': [],
  doctor: [],
};
/** These read and write files of the project alone. */
const UNSERVED: readonly string[] = ['init', 'steps'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-interrupted-'));
  await mkdir(join(folder, 'node_modules/ai/docs'), { recursive: true });
  await writeFile(join(folder, 'questions.jsonl'), `{"id": "q1", "input": ${question}}\n`);
  await writeFile(join(folder, 'labels.csv'), 'pipeline,scorer,version,subject\ndocs-bot,judged,1,x\n');
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => void vi.useRealTimers());

const never = () => new Promise<never>(() => undefined);

/** What every part of is a part like it, and every call is never answered. */
function unanswering(isAsked: () => void): never {
  const call = () => {
    isAsked();
    return never();
  };
  return new Proxy(call, {
    get: (_, name) => (name === 'then' || typeof name === 'symbol' ? undefined : unanswering(isAsked)),
  }) as never;
}

/** A runtime of such parts, which can be stopped; `asked` resolves when the first call is made. */
function reachedServers(onStop: () => unknown) {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const runtime = {
    ...{ store: unanswering(resolve), client: unanswering(resolve), connection: unanswering(resolve) },
    ...{ streams: unanswering(resolve), urlOf: (id: string) => `ui/${id}`, isUiServed: true, isEphemeral: false },
    temporal: { address: '127.0.0.1:1', namespace: 'default', uiUrl: 'http://localhost:1' },
    databaseUrl: 'postgres://x@127.0.0.1:1/x',
    embedded: { hasDatabase: false, temporalFile: undefined },
    failed: never(),
    stop: async () => void onStop(),
  };
  return { runtime: runtime as never, asked, resolve };
}

const files = createServices({ folder: repository, environment: { SLUICE_HTTP_LISTEN: '127.0.0.1:0' } });

interface Way {
  readonly services: Partial<Services>;
  /** Resolves when the command has asked its servers for something. */
  readonly asked: Promise<void>;
}

/** Each command until it has asked for something, then one signal; how it ends. Only then time passes. */
async function interrupt(commands: readonly string[], way: (command: string) => Way) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stopping = new AbortController();
  const begun = commands.map((command) => {
    const argv = [...command.split(' '), ...SERVED[command]!.map((each) => each.replace('FOLDER', folder))];
    const { services, asked } = way(command);
    const ending = run(argv, { services: { ...files, ...services }, signal: stopping.signal, folder });
    return { command, ending, asked };
  });
  const early = await Promise.all(begun.map(({ ending, asked }) => Promise.race([asked, ending])));
  stopping.abort();
  let areEnded = false;
  const codes = Promise.all(begun.map(async ({ ending }) => (await ending).code)).finally(() => {
    areEnded = true;
  });
  while (!areEnded) await vi.advanceTimersByTimeAsync(1_000);
  const each = await codes;
  return Object.fromEntries(commands.map((command, at) => [command, { early: early[at], code: each[at] }]));
}

const interrupted = (commands: readonly string[]) =>
  Object.fromEntries(commands.map((each) => [each, { early: undefined, code: EXIT.interrupted }]));

function commandsOf(command: Command, path: readonly string[] = []): string[] {
  const isRun = '_actionHandler' in command && command._actionHandler !== null;
  const own = isRun && path.length > 0 ? [path.join(' ')] : [];
  return [...own, ...command.commands.flatMap((inner) => commandsOf(inner, [...path, inner.name()]))];
}

describe('one signal', () => {
  it('is sent to every command of the program', () => {
    const world = {
      ...{ stdout: process.stdout, stderr: process.stderr, environment: {}, folder, exit: () => undefined },
      signal: new AbortController().signal,
    };
    const named = [...Object.keys(SERVED), ...UNSERVED];
    expect(named.toSorted()).toEqual(commandsOf(createProgram(world)).toSorted());
  });

  it('ends each while it waits for servers that do not answer', async () => {
    const commands = Object.keys(SERVED);
    const ended = await interrupt(commands, (command) => {
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      const open = () => {
        resolve();
        return never();
      };
      // It asks its servers by itself, and would be done before the signal where the others take long.
      const config = command === 'doctor' ? open : files.config;
      return { services: { config, connect: open, start: open, openStore: open, connectWorker: open }, asked };
    });
    expect(ended).toEqual(interrupted(commands));
  });

  it('ends each, and stops what it opened, while servers that it has reached answer nothing', async () => {
    // It asks its servers by itself, and not by a runtime.
    const commands = Object.keys(SERVED).filter((command) => command !== 'doctor');
    const stopped = new Set<string>();
    const ended = await interrupt(commands, (command) => {
      const { runtime, asked, resolve } = reachedServers(() => stopped.add(command));
      const opened = async () => {
        // It asks nothing, and serves until it is stopped.
        if (command === 'worker') resolve();
        return runtime;
      };
      return { services: { connect: opened, start: opened, openStore: opened, connectWorker: opened }, asked };
    });
    expect(ended).toEqual({ ...interrupted(commands), worker: { early: undefined, code: EXIT.fine } });
    expect([...stopped].toSorted()).toEqual(commands.toSorted());
  });
});
