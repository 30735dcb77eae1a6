import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../src/client/run-result.ts';
import type { RunStream, StreamOptions } from '../../src/client/stream-run.ts';
import { type Live, startLive } from '../support/live.ts';
import { helped, several, tokenSteps, told, written } from './token-steps.ts';

/** Reads a stream as its rule says; `onEvent` is awaited between events. */
async function watch(stream: RunStream, onEvent: (event: StreamEvent, shown: string) => unknown = () => undefined) {
  const events: StreamEvent[] = [];
  let shown = '';
  for await (const event of stream) {
    events.push(event);
    if (event.kind === 'token') shown += event.text;
    if (event.kind === 'retract') shown = '';
    if (event.kind === 'accepted') shown += event.rest ?? '';
    await onEvent(event, shown);
  }
  /** `token` once for each draft, then what else came. */
  const story: string[] = [];
  for (const event of events) {
    const line = 'key' in event ? `${event.kind} ${event.key}/${event.attempt}` : event.kind;
    if (story.at(-1) !== line) story.push(line);
  }
  return { events, shown, story };
}

const textOf = (output: unknown) => (output as { text: string }).text;

describe('in one process', () => {
  let live: Live;
  /** What each attempt waits for at half its text; a test may put its own in. */
  let half: Promise<unknown>;
  beforeAll(async () => {
    half = Promise.resolve();
    live = await startLive(tokenSteps(() => half));
  });
  afterAll(() => live?.stop());
  const stream = (input: object, options?: StreamOptions) => live.client.stream(told, input, options);

  test('tokens come while the step still writes, and make the recorded answer', async () => {
    const seen = Promise.withResolvers<void>();
    half = seen.promise; // a step whose tokens came only at its end would wait for ever
    const running = stream({ text: 'to be read early' }, { drafts: true });
    const { shown, story, events } = await watch(running, (event) => event.kind === 'token' && seen.resolve());
    const result = await running.answer;
    expect(shown).toBe(written('to be read early'));
    expect(textOf((await live.store.runs.get(result.runId)).output)).toBe(shown);
    expect(story).toEqual(['token draft[1]/1', 'accepted', 'answer']);
    const tokens = events.filter((event) => event.kind === 'token');
    expect(tokens.map(({ seq }) => seq)).toEqual(tokens.map((_, at) => at));
    expect(tokens[0]).toMatchObject({ runId: result.runId, node: 'draft', round: 1 });
    expect(events.find((event) => event.kind === 'accepted')).toMatchObject({ text: shown, output: { text: shown } });
  });

  test('only what is accepted is shown where drafts are not asked for', async () => {
    const { shown, story } = await watch(stream({ text: 'x', rounds: 2, failures: 1 }));
    expect([shown, story]).toEqual([written('x', 2, 2), ['accepted', 'answer']]);
  });

  test('a retry takes back what the failed attempt wrote', async () => {
    const { shown, story } = await watch(stream({ text: 'x'.repeat(50), failures: 2 }, { drafts: true }));
    expect(shown).toBe(written('x'.repeat(50), 1, 3));
    expect(story).toEqual([
      ...['token draft[1]/1', 'retract draft[1]/1', 'token draft[1]/2', 'retract draft[1]/2', 'token draft[1]/3'],
      ...['accepted', 'answer'],
    ]);
  });

  test('a round that did not pass is taken back by the next', async () => {
    const running = stream({ text: 'x'.repeat(50), rounds: 3 }, { drafts: true });
    const { shown, story, events } = await watch(running);
    expect(shown).toBe(written('x'.repeat(50), 3));
    expect(story.filter((line) => line.startsWith('retract'))).toEqual(['retract draft[1]/1', 'retract draft[2]/1']);
    expect(new Set(events.flatMap((event) => (event.kind === 'token' ? [event.round] : [])))).toEqual(
      new Set([1, 2, 3]),
    );
  });

  test('neither tokens nor void drafts enter the history', async () => {
    const running = stream({ text: 'x', failures: 1, rounds: 1 }, { drafts: true });
    const { runId } = await running.answer;
    const temporal = new Client({ connection: live.connection, namespace: live.temporal.namespace });
    const history = await temporal.workflow.getHandle(runId).fetchHistory();
    const payloads: string[] = [];
    JSON.stringify(history, (key, value) => {
      if (key === 'data') payloads.push(Buffer.from(value, 'base64').toString());
      return value;
    });
    const holding = (text: string) => payloads.filter((payload) => payload.includes(text)).length;
    expect(holding('attempt 2')).toBeGreaterThan(0); // as the output
    expect([holding('attempt 1'), holding('"seq"')]).toEqual([0, 0]);
  });

  test('a slow listener is not waited for, and another hears all', async () => {
    const running = stream({ text: 'x'.repeat(2_000) }, { drafts: true });
    const quick = watch(running);
    const slow = await watch(running, (event) => event.kind === 'token' && running.answer);
    expect(slow.story).toEqual(['token draft[1]/1', 'accepted', 'answer']);
    expect(slow.events.length).toBe(3); // one token, and the rest at once
    expect((await quick).shown).toBe(slow.shown);
    const late = await watch(running);
    expect([late.shown, late.story]).toEqual([slow.shown, ['accepted', 'answer']]);
  });

  test('a listener that turns away does not end the run', async () => {
    const running = stream({ text: 'x'.repeat(100) }, { drafts: true });
    for await (const event of running) if (event.kind === 'token') break;
    expect(await running.answer).toMatchObject({ outcome: 'completed' });
    expect(live.streams.hub.isOpen((await running.started).runId)).toBe(false);
  });

  test('cut pairs and 100 kB come out as they were written', async () => {
    const text = 'añ😀 𝔘nicode '.repeat(8_000);
    const { shown, events } = await watch(stream({ text }, { drafts: true }));
    expect(shown).toBe(written(text));
    expect(events.every((event) => event.kind !== 'token' || event.text.isWellFormed())).toBe(true);
  });

  test('a cancelled run takes its draft back and ends the stream', async () => {
    const cancel = new AbortController();
    const running = stream({ text: 'x'.repeat(50), hangs: 1 }, { drafts: true, signal: cancel.signal });
    const { shown, story, events } = await watch(running, (event) => event.kind === 'token' && cancel.abort());
    expect([shown, story]).toEqual(['', ['token draft[1]/1', 'retract draft[1]/1', 'failed']]);
    expect(events.at(-1)).toMatchObject({ result: { outcome: 'cancelled', output: null } });
  });

  test('a failed run says why, and a degraded one what was second best', async () => {
    const failed = await watch(stream({ text: 'x'.repeat(50), failures: 3 }, { drafts: true }));
    expect(failed.events.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'cut', key: 'draft[1]' } });
    expect(failed.shown).toBe('');
    const second = live.client.stream(helped, { text: 'x'.repeat(50), failures: 3 }, { drafts: true });
    const { shown, story, events } = await watch(second);
    expect([shown, story.slice(-3)]).toEqual(['sorry', ['accepted', 'degraded', 'answer']]);
    expect(events.find((event) => event.kind === 'degraded')).toMatchObject({ keys: ['draft'] });
  });

  test('a run that has ended already shows its answer at once', async () => {
    const options = { drafts: true, idempotencyKey: 'once' };
    const first = await watch(stream({ text: 'x' }, options));
    const again = await watch(stream({ text: 'x' }, options));
    expect([again.shown, again.story]).toEqual([first.shown, ['accepted', 'answer']]);
  });

  test('texts that are not one are shown each under its node run, and the output is what is accepted', async () => {
    const running = live.client.stream(several, { scripts: [{ text: 'a' }, { text: 'b' }] }, { drafts: true });
    const texts = new Map<string, string>();
    const { events } = await watch(running, (event) => {
      if (event.kind === 'token') texts.set(event.key, (texts.get(event.key) ?? '') + event.text);
    });
    const accepted = events.find((event) => event.kind === 'accepted');
    expect(accepted).toMatchObject({ text: null, rest: null, output: { lines: [{ text: written('a') }, {}] } });
    for (const [key, text] of texts) expect(written(key === 'line[0]' ? 'a' : 'b').startsWith(text)).toBe(true);
    expect(texts.size).toBeGreaterThan(0);
  });

  test('what cannot start is told to whoever reads', async () => {
    const running = stream({ text: 7 }, { drafts: true });
    await expect(running.answer).rejects.toMatchObject({ code: 'input_invalid' });
    await expect(watch(running)).rejects.toMatchObject({ code: 'input_invalid' });
  });
});

describe('between processes', () => {
  let live: Live;
  const workers: ChildProcess[] = [];
  beforeAll(async () => {
    live = await startLive();
    await startWorkerProcess();
  });
  afterAll(async () => {
    await Promise.all(workers.map(kill));
    await live?.stop();
  });

  async function startWorkerProcess(): Promise<ChildProcess> {
    const program = fileURLToPath(new URL('token-worker-process.ts', import.meta.url));
    const env = { PATH: process.env.PATH, ...live.environment };
    const child = fork(program, [live.folder], { env, execArgv: [] });
    workers.push(child);
    await once(child, 'message');
    return child;
  }
  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  test('tokens come by HTTP, signed with the key of the folder', async () => {
    const text = 'añ😀 '.repeat(20);
    const { shown, story } = await watch(live.client.stream(told, { text, tokenMs: 5 }, { drafts: true }));
    expect(shown).toBe(written(text));
    expect(story).toEqual(['token draft[1]/1', 'accepted', 'answer']);
  });

  test('100 kB at once come out whole, however much of them the sender can hold', async () => {
    const text = 'añ😀 '.repeat(20_000);
    expect((await watch(live.client.stream(told, { text }, { drafts: true }))).shown).toBe(written(text));
  });

  test('a worker killed while it writes: the next one takes its text back', async () => {
    const running = live.client.stream(told, { text: 'x'.repeat(100), hangs: 1 }, { drafts: true });
    const victim = workers[0]!;
    let next: Promise<ChildProcess> | undefined;
    const { shown, story } = await watch(running, (event) => {
      if (event.kind === 'token') next ??= kill(victim).then(startWorkerProcess);
    });
    await next;
    expect(shown).toBe(written('x'.repeat(100), 1, 2));
    expect(story).toEqual(['token draft[1]/1', 'retract draft[1]/1', 'token draft[1]/2', 'accepted', 'answer']);
  });

  test('a receiver that nobody reaches costs the tokens, not the answer', async () => {
    const environment = { ...live.environment, SLUICE_SINK_URL: 'http://127.0.0.1:9' };
    const { readConfig } = await import('../../src/config/config.ts');
    const { connectRuntime } = await import('../../src/host/runtime.ts');
    const caller = await connectRuntime({ folder: live.folder, config: readConfig(environment) });
    try {
      const running = caller.client.stream(told, { text: 'x'.repeat(500), failures: 1 }, { drafts: true });
      const { shown, story } = await watch(running);
      expect([shown, story]).toEqual([written('x'.repeat(500), 1, 2), ['accepted', 'answer']]);
    } finally {
      await caller.stop();
    }
  });
});
