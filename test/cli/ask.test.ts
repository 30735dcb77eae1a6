import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { SluiceError } from '../../src/base/errors.ts';
import type { StartServers } from '../../src/cli/session.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import { docsBot } from '../plan/example.ts';
import {
  failedRun,
  fakeRuntime,
  finishedRun,
  nothingRunning,
  pipelineOf,
  pipelines,
  run,
  undeployed,
} from './fakes.ts';

const started = (result: RunResult) => ({
  runId: result.runId,
  answer: Promise.resolve(result.output),
  finished: Promise.resolve(result),
});

const answering = (result: RunResult = finishedRun) => {
  const client = { start: vi.fn(async (_pipeline: unknown, _input: unknown, _options: unknown) => started(result)) };
  return { client, ...fakeRuntime({ client }) };
};

const UNDEPLOYED = undeployed('docs-bot').trimEnd();

describe('sluice ask', () => {
  it('prints the answer, its citations, the times, what was second best, and where to look', async () => {
    const { runtime, state } = answering();
    const { code, stdout, stderr } = await run(['ask', 'docs-bot', 'How?'], { runtime });
    expect(stdout.split('\n')).toEqual([
      '  Call streamText [1].',
      '  [1] Guide › Streaming  https://example.org/s',
      '  enhance 4 ms · ranked 1.2 s · 1.3 s in all',
      '  degraded: ranked (fallback)',
      `  ${finishedRun.temporalUrl}`,
      '',
    ]);
    expect(stderr).toBe(`${UNDEPLOYED}\n`);
    expect(code).toBe(0);
    expect(state.stopped).toBe(1);
  });

  it('names the models that run at a server of one’s own, and why they do', async () => {
    const { client } = answering();
    const plan = JSON.parse(JSON.stringify(docsBot).replaceAll('local/extractive', 'openai/gpt-5-mini'));
    const served = { ...pipelines.get('docs-bot')!, plan, deployment: { planId: 'p' } };
    const { runtime } = fakeRuntime({ client: { ...client, serve: async () => served } });
    const environment = { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' };
    const { stderr } = await run(['ask', 'docs-bot', 'How?'], { runtime, environment });
    expect(stderr).toMatch(
      /^models: openai\/gpt-5-mini at http:\/\/127\.0\.0\.1:11434\/v1 \(OPENAI_BASE_URL; no key\)$/m,
    );
    expect((await run(['ask', 'docs-bot', 'How?'], { runtime })).stderr).not.toContain('models:');
  });

  it('asks what is deployed for its unit, and says in which experiments the run was', async () => {
    const { client } = answering({ ...finishedRun, arms: { 'rerank.2': 'wide' } });
    const served = { ...pipelines.get('docs-bot')!, deployment: { planId: 'p' }, served: { unit: 'user-7' } };
    const serve = vi.fn(async () => served);
    const { runtime } = fakeRuntime({ client: { ...client, serve } });
    const { stdout, stderr } = await run(['ask', 'docs-bot', 'How?', '--unit', 'user-7'], { runtime });
    expect(serve).toHaveBeenCalledWith(pipelines.get('docs-bot'), { question: 'How?' }, { unit: 'user-7' });
    expect(client.start.mock.calls[0]?.[0]).toBe(served);
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('in experiments: rerank.2 (wide)')]);
  });

  it('keeps the unit of a run that is asked of a variant', async () => {
    const { client } = answering();
    const variant = { ...pipelines.get('docs-bot')!, variantOf: 'docs-bot', name: 'narrow' };
    const serve = vi.fn(async (pipeline: object, _: unknown, { unit }: { unit: string }) => ({
      ...{ ...pipeline, deployment: null, served: { unit, assignments: [] } },
    }));
    const { runtime } = fakeRuntime({ client: { ...client, serve } });
    const services = { pipelines: async () => new Map([...pipelines, ['docs-bot:narrow', variant]]) };
    const argv = ['ask', 'docs-bot:narrow', 'How?', '--unit', 'user-7'];
    const { stderr } = await run(argv, { runtime, services });
    expect(client.start.mock.calls[0]?.[0]).toMatchObject({ plan: variant.plan, served: { unit: 'user-7' } });
    expect(stderr).toBe('');
  });

  it('prints the run as JSON and nothing else', async () => {
    const { stdout, stderr, code } = await run(['ask', 'docs-bot', 'How?', '--json'], answering());
    expect(JSON.parse(stdout)).toEqual(finishedRun);
    expect(Object.keys(JSON.parse(stdout))).toEqual(
      expect.arrayContaining(['runId', 'planId', 'arms', 'output', 'nodes', 'degraded', 'temporalUrl']),
    );
    expect([stderr, code]).toEqual([`${UNDEPLOYED}\n`, 0]);
  });

  it('says of a failed run where and why, and what to do, with the exit code for errors', async () => {
    const { code, stdout, stderr } = await run(['ask', 'docs-bot', 'How?'], answering(failedRun));
    expect(stderr.split('\n')).toEqual([
      UNDEPLOYED,
      '✖ run run-7d2f0000 failed at ranked (rerank@2) after 4 attempts in 38 s',
      '  cohere answered 429 (rate limited) each time',
      "  give 'ranked' a fallback",
      `  ${finishedRun.temporalUrl}`,
      '',
    ]);
    expect([code, stdout]).toEqual([1, '']);
  });

  it('gives the question, the key and the signal to the client', async () => {
    const { client, runtime } = answering();
    const { signal } = new AbortController();
    await run(['ask', 'docs-bot', 'How?', '--key', 'k1'], { runtime, signal });
    expect(client.start).toHaveBeenCalledWith(
      pipelines.get('docs-bot'),
      { question: 'How?' },
      { signal, idempotencyKey: 'k1', onOutage: expect.any(Function) },
    );
  });

  it('gives the budget to the client, and refuses what is none', async () => {
    const { client, runtime } = answering();
    const budget = ['--budget-usd', '0.05', '--budget-tokens', '9000', '--deadline', '30 seconds'];
    await run(['ask', 'docs-bot', 'How?', ...budget], { runtime });
    expect(client.start.mock.calls[0]?.[2]).toMatchObject({ budget: { usd: 0.05, tokens: 9_000, deadlineMs: 30_000 } });
    for (const wrong of [
      ['--budget-usd', 'free'],
      ['--budget-tokens', '0'],
      ['--deadline', '30'],
    ])
      expect((await run(['ask', 'docs-bot', 'How?', ...wrong], { runtime })).code).toBe(2);
  });

  it('ends with the exit code of an interruption when it was cancelled', async () => {
    const stop = new AbortController();
    const { runtime } = fakeRuntime({
      client: {
        start: async () => {
          stop.abort();
          return started({ ...failedRun, outcome: 'cancelled' });
        },
      },
    });
    expect((await run(['ask', 'docs-bot', 'How?'], { runtime, signal: stop.signal })).code).toBe(130);
  });

  it('names the nearest pipeline', async () => {
    const { code, stderr } = await run(['ask', 'doc-bot', 'How?'], answering());
    expect(stderr).toBe("✖ there is no pipeline 'doc-bot'\n  did you mean 'docs-bot'?\n");
    expect(code).toBe(1);
  });

  it('takes a unique beginning of a name', async () => {
    const { client, runtime } = answering();
    await run(['ask', 'rel', 'How?'], { runtime });
    expect(client.start.mock.calls[0]?.[0]).toBe(pipelines.get('related-pages'));
  });

  it('stops what it started, also when the run throws', async () => {
    const { runtime, state } = fakeRuntime({
      client: {
        start: async () => {
          throw new SluiceError('no_worker', { message: 'no worker is running', remedy: 'start one: sluice worker' });
        },
      },
    });
    const { code, stderr, stdout } = await run(['ask', 'docs-bot', 'How?', '--json'], { runtime });
    expect(stderr).toBe(`${UNDEPLOYED}\n✖ no worker is running\n  start one: sluice worker\n`);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'no_worker', remedy: 'start one: sluice worker' });
    expect([code, state.stopped]).toEqual([1, 1]);
  });

  it('starts servers with a worker for one question when nothing is running, and says so beside the answer', async () => {
    const { runtime, state } = answering();
    const project = { folder: '/nowhere', pipelines, createActivities: () => [], activitiesFrom: 'built in' };
    const start = vi.fn(async ({ onProgress }: StartServers) => {
      onProgress?.('starting Temporal');
      return runtime as never;
    });
    const services = { connect: () => Promise.reject(nothingRunning()), project: async () => project, start };
    const { stdout, stderr } = await run(['ask', 'docs-bot', 'How?', '--json'], { services });
    expect(start).toHaveBeenCalledWith({ serves: 'command', project, onProgress: expect.any(Function) });
    expect(JSON.parse(stdout)).toEqual(finishedRun);
    expect(stderr).toBe(
      `nothing runs here: starting the embedded servers for this command\nstarting Temporal\n${UNDEPLOYED}\n`,
    );
    expect(state.stopped).toBe(1);
  });
});

describe('what a pipeline is asked', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-ask-'));
    await writeFile(join(folder, 'input.json'), '{"question": "from a file"}');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const asked = async (argv: readonly string[], plan = docsBot) => {
    const { client, runtime } = answering();
    const services = { pipelines: async () => new Map([['docs-bot', pipelineOf(plan)]]) };
    const ran = await run(['ask', 'docs-bot', ...argv], { runtime, services });
    return { ...ran, input: client.start.mock.calls[0]?.[1] };
  };

  it('is a question', async () => {
    expect((await asked(['How?'])).input).toEqual({ question: 'How?' });
  });

  it.each([
    ['blank', ''],
    ['a megabyte', `@big.json`],
    ['with a NUL character', `@nul.json`],
  ])('is refused before any server is started when it is %s', async (_name, typed) => {
    await writeFile(join(folder, 'big.json'), JSON.stringify({ question: 'x'.repeat(2_000_000) }));
    await writeFile(join(folder, 'nul.json'), JSON.stringify({ question: 'a\0b' }));
    const argv = typed.startsWith('@') ? ['--input', `@${join(folder, typed.slice(1))}`] : [typed];
    const connect = vi.fn();
    const { code, stderr } = await run(['ask', 'docs-bot', ...argv], { services: { connect } });
    expect(stderr).toMatch(/^✖ the input/);
    expect(code).toBe(1);
    expect(connect).not.toHaveBeenCalled();
  });

  it('is the only text it requires, under its own name', async () => {
    const input = { type: 'object', properties: { about: { type: 'string' } }, required: ['about'] };
    const plan = { ...docsBot, schemas: { ...docsBot.schemas, input } };
    const about = { ...pipelineOf(plan), input: z.object({ about: z.string() }) };
    const { client, runtime } = answering();
    const services = { pipelines: async () => new Map([['docs-bot', about]]) };
    await run(['ask', 'docs-bot', 'streams'], { runtime, services });
    expect(client.start.mock.calls[0]?.[1]).toEqual({ about: 'streams' });
  });

  it('is JSON, or JSON in a file', async () => {
    expect((await asked(['--input', '{"question": "x", "history": []}'])).input).toEqual({
      question: 'x',
      history: [],
    });
    expect((await asked(['--input', `@${join(folder, 'input.json')}`])).input).toEqual({ question: 'from a file' });
  });

  it.each([
    ['nothing', [], 'there is no question'],
    ['both', ['How?', '--input', '{}'], 'both a question and --input were given'],
    ['no JSON', ['--input', '{question}'], '--input is not JSON'],
  ])('is a usage error when it is %s', async (_name, argv, words) => {
    const { code, stderr } = await asked(argv);
    expect(stderr).toContain(words);
    expect(code).toBe(2);
  });

  it('says so when a question alone is not enough', async () => {
    const input = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      required: ['a', 'b'],
    };
    const { stderr, code } = await asked(['How?'], { ...docsBot, schemas: { ...docsBot.schemas, input } });
    expect(stderr).toContain("'docs-bot' takes more than a question: a, b");
    expect(code).toBe(2);
  });

  it('names a file that cannot be read', async () => {
    const { stderr, code } = await asked(['--input', '@missing.json']);
    expect(stderr).toMatch(/^✖ 'missing.json' cannot be read\n/);
    expect(code).toBe(1);
  });
});
