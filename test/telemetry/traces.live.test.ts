/**
 * A run whose first worker is killed in the middle of a paid call, as a trace: nothing of it is lost, neither in the record
 * nor at a real receiver, though that was away when the run ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectRuntime, type Runtime } from '../../src/host/runtime.ts';
import { loadTrace } from '../../src/telemetry/load-trace.ts';
import { feedbackSpan } from '../../src/telemetry/otel/export-traces.ts';
import { spansOf } from '../../src/telemetry/otel/spans.ts';
import type { Trace } from '../../src/telemetry/trace.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { type Live, startLive } from '../support/live.ts';
import { noOtlpReceiver, type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { find } from './scene.ts';
import { traced, tracedSteps } from './traced-steps.ts';

let standIn: LocalStandIn;
let receiver: OtlpReceiver | undefined;
let live: Live;
let second: Runtime | undefined;
let trace: Trace;
beforeAll(async () => {
  standIn = await startStandIn();
  receiver = noOtlpReceiver ? undefined : await startOtlpReceiver();
  live = await startLive(undefined, {
    ...{ OPENAI_API_KEY: 'sk-of-the-test', OPENAI_BASE_URL: standIn.openaiUrl },
    ...{ SLUICE_PRICES: 'openai/gpt-5-mini:input=1,output=10', SLUICE_TRACE_CONTENT: 'on' },
    ...(receiver && { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SERVICE_NAME: 'sluice-test' }),
  });
  await standIn.fault({ kind: 'hang' });
  await standIn.reply({ contains: 'why' }, { text: 'Because.' }, { times: 'always' });
  trace = await killedInACall();
});
afterAll(async () => {
  await second?.stop();
  await live?.stop();
  await Promise.all([receiver?.stop(), standIn?.close()]);
});

/** One worker is killed while its call hangs, and another one finishes the run, the receiver being away. */
async function killedInACall(): Promise<Trace> {
  const victim = await startWorkerProcess();
  const { finished } = await live.client.start(traced, { question: ' why? ' });
  await standIn.until((requests) => requests.length > 0);
  victim.kill('SIGKILL');
  await receiver?.stop();
  second = await connectRuntime({ folder: live.folder, config: live.config, implementations: tracedSteps });
  const { runId } = await finished;
  return loadTrace({ store: live.store, urlOf: live.client.urlOf }, runId);
}

async function startWorkerProcess(): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('worker-process.ts', import.meta.url));
  const child = fork(program, [live.folder], { env: { PATH: process.env.PATH, ...live.environment }, execArgv: [] });
  const failed = once(child, 'exit').then(() => Promise.reject(new Error('the worker could not begin')));
  await Promise.race([once(child, 'message'), failed]);
  failed.catch(() => undefined); // it is killed later on
  return child;
}

test('every attempt is in the trace, the killed one as lost with the call that it had opened', () => {
  const { attempts, input, output } = find(trace.nodes, 'answer');
  // On a machine that is busy enough, the second may miss its heartbeat, too.
  expect(attempts.length).toBeGreaterThan(1);
  expect(attempts[0]).toMatchObject({
    ...{ attempt: 1, outcome: 'lost', endedAt: null, error: { code: 'worker_lost' } },
    calls: [{ status: 'cut', finishedAt: null, response: { missing: 'nothing came back' } }],
  });
  expect(attempts.at(-1)).toMatchObject({
    ...{ outcome: 'completed', step: 'answer@1', worker: expect.stringMatching(/^\d+@/), error: null },
    calls: [{ status: 'done' }],
  });
  expect(input).toEqual({ value: { question: 'why?' } });
  expect(output).toEqual({ value: { text: 'Because.' } });
  expect(trace).toMatchObject({ state: 'completed', output: { value: { text: 'Because.' } } });
});

test('failed attempts have their error and who made them; calls what was sent and what came back', () => {
  expect(find(trace.nodes, 'asked').attempts).toMatchObject([
    {
      ...{ outcome: 'failed', worker: expect.any(String), endedAt: expect.any(Number) },
      error: { code: 'untidy', message: 'not this time', remedy: 'again', data: { room: 7 } },
    },
    { outcome: 'completed' },
  ]);
  const calls = find(trace.nodes, 'answer').attempts.flatMap((attempt) => attempt.calls);
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'why?' },
  ];
  for (const { request } of calls)
    expect(request).toEqual({ value: { messages, maxOutputTokens: 100, stream: false } });
  const { status, response, costUsd } = calls.at(-1)!;
  expect([status, response]).toEqual(['done', { value: { text: 'Because.' } }]);
  expect(costUsd).toBeGreaterThan(0);
  expect(JSON.stringify(trace)).not.toContain('sk-of-the-test');
});

test.skipIf(noOtlpReceiver)(
  `a real receiver has all of it once it is back [${noOtlpReceiver ?? 'Rotel'}]`,
  async () => {
    const { traceExports, feedback } = live.store;
    const { runId } = trace;
    const isWaiting = async () => expect(await traceExports.counts()).toMatchObject({ waiting: 1, exported: 0 });
    await vi.waitFor(isWaiting, SENT);
    const said = { score: null, emoji: null, fields: null, by: null, isSimulated: false } as const;
    const { row } = await feedback.add({ feedbackId: 'said', runId, thumb: 1, note: 'good', ...said, at: Date.now() });
    await receiver!.start();
    // What was refused waits for some seconds: not in a test.
    await vi.waitFor(async () => {
      await traceExports.postpone([{ runId, part: '' }], { error: '', ms: 0, mostMs: 1e9 });
      expect(await traceExports.counts()).toMatchObject({ waiting: 0, exported: 2, failed: 0 });
    }, SENT);
    const expected = [...spansOf(trace, true), feedbackSpan(row, true)].map(({ name, spanId }) => `${name} ${spanId}`);
    const received = await vi.waitFor(() => {
      const spans = receiver!.spans();
      // At least once: those of one try may have come, and its end not.
      expect(new Set(spans.map(({ name, id }) => `${name} ${id}`))).toEqual(new Set(expected));
      return spans;
    }, SENT);
    const named = (name: string) => received.filter((span) => span.name === name);
    expect(new Set(received.map(({ traceId }) => traceId)).size).toBe(1);
    expect(named('invoke_workflow traced')[0]).toMatchObject({
      ...{ parentId: '', startedAt: trace.startedAt, endedAt: trace.endedAt },
      attributes: { 'gen_ai.workflow.name': 'Str(traced)', 'sluice.run.id': `Str(${runId})` },
    });
    const calls = named('chat gpt-5-mini');
    expect(calls[0]).toMatchObject({ status: 'STATUS_CODE_ERROR', attributes: { 'error.type': 'Str(cut)' } });
    expect(calls.at(-1)).toMatchObject({
      ...{ kind: 'SPAN_KIND_CLIENT', status: 'STATUS_CODE_UNSET' },
      attributes: {
        'gen_ai.operation.name': 'Str(chat)',
        'gen_ai.provider.name': 'Str(openai)',
        'gen_ai.request.model': 'Str(gpt-5-mini)',
        'gen_ai.usage.input_tokens': expect.stringMatching(/^Int\(\d+\)$/),
        'gen_ai.output.messages': expect.stringContaining('Because.'),
        'openinference.span.kind': 'Str(LLM)',
        'llm.cost.total': expect.stringMatching(/^Double\(0\.\d+/),
      },
    });
    expect(receiver!.text()).toContain('service.name: Str(sluice-test)');
    expect(receiver!.text()).not.toContain('sk-of-the-test');
  },
);

const SENT = { timeout: 60_000, interval: 200 };
