/** A trace as spans: the conventions' names, ids that follow from the run, and nothing said that is not meant to go. */
import { describe, expect, test } from 'vitest';
import type { FeedbackRow } from '../../src/store/feedback.ts';
import { feedbackSpan } from '../../src/telemetry/otel/export-traces.ts';
import { isSampled, rootIdOf, type SpanData, spansOf, traceIdOf } from '../../src/telemetry/otel/spans.ts';
import { AT, attempt, call, container, row, traceOfScene } from './scene.ts';

const SECRET = 'a word that must not go';
const failed = { status: 'failed', errorCode: 'overloaded', response: null } as const;
const passages = [{ id: 'p1', score: 0.5, text: SECRET, title: SECRET }];

const scene = (more: Partial<Parameters<typeof traceOfScene>[0]> = {}) =>
  traceOfScene({
    nodes: [
      ...[row('search'), container('answer', 'repeat'), row('draft[1]', { attempts: 3 })],
      row('polish', { outcome: 'skipped', call: null, attempts: 0, startedAt: null, durationMs: null }),
    ],
    attempts: [attempt('draft[1]', 1), attempt('draft[1]', 3, { outcome: 'completed', error: null })],
    calls: [
      call('draft[1]', 1, failed),
      call('draft[1]', 2, { status: 'cut', finishedAt: null, response: null }),
      call('draft[1]', 3, { request: { messages: [{ role: 'user', content: SECRET }] }, response: { text: SECRET } }),
    ],
    values: {
      inputs: new Map([['search', { value: { query: SECRET } }]]),
      outputs: new Map([['search', { value: { passages } }]]),
    },
    ...more,
  });

const byName = (spans: readonly SpanData[], name: string) => spans.filter((span) => span.name === name);

describe('spans', () => {
  test('are one tree with ids of their own, the same at every export', () => {
    const spans = spansOf(scene(), true);
    expect(spans.map(({ name }) => name)).toEqual([
      ...['invoke_workflow bot', 'search', 'answer', 'round 1', 'draft'],
      ...['attempt', 'chat gpt-5-mini', 'attempt', 'chat gpt-5-mini', 'attempt', 'chat gpt-5-mini'],
    ]);
    const ids = new Map(spans.map((span) => [span.spanId, span]));
    expect(ids.size).toBe(spans.length);
    for (const { spanId, parentId, traceId } of spans) {
      expect(traceId).toBe(traceIdOf('run-1'));
      expect(spanId).toMatch(/^[0-9a-f]{16}$/);
      if (parentId !== undefined) expect(ids.has(parentId)).toBe(true);
    }
    expect(spansOf(scene(), true)).toEqual(spans);
    // Of another run, none is the same.
    expect(traceIdOf('run-2')).not.toBe(traceIdOf('run-1'));
  });

  test('say what conventions have a word for', () => {
    const spans = spansOf(scene(), true);
    expect(spans[0]!.attributes).toMatchObject({
      ...{ 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': 'bot', 'sluice.outcome': 'completed' },
      ...{ 'sluice.arms': ['rerank:wide'], 'sluice.nodes.not_called': ['polish skipped'] },
      ...{ 'openinference.span.kind': 'CHAIN', 'input.value': '{"question":"why?"}', 'output.value': 'because' },
    });
    expect(byName(spans, 'search')[0]!.attributes).toMatchObject({
      ...{ 'gen_ai.operation.name': 'retrieval', 'openinference.span.kind': 'RETRIEVER', 'sluice.step': 'search@1' },
      ...{
        'gen_ai.retrieval.documents': '[{"id":"p1","score":0.5}]',
        'retrieval.documents.0.document.content': SECRET,
      },
    });
    const [broken, cut, done] = byName(spans, 'chat gpt-5-mini');
    expect(done).toMatchObject({
      kind: 'client',
      attributes: {
        ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini' },
        ...{ 'gen_ai.usage.input_tokens': 120, 'gen_ai.usage.output_tokens': 30, 'llm.cost.total': 0.0012 },
        ...{ 'gen_ai.usage.cache_read.input_tokens': 20, 'openinference.span.kind': 'LLM' },
        'gen_ai.output.messages': JSON.stringify([
          { role: 'assistant', parts: [{ type: 'text', content: SECRET }], finish_reason: 'stop' },
        ]),
      },
    });
    expect(done!.failure).toBeUndefined();
    expect(broken).toMatchObject({ failure: 'overloaded', attributes: { 'error.type': 'overloaded' } });
    expect(cut).toMatchObject({ failure: 'cut', attributes: { 'error.type': 'cut', 'sluice.time.estimated': true } });
  });

  test('of a lost attempt ends when the next began; what has no time of its own is within what is around it', () => {
    const spans = spansOf(scene(), true);
    const [, lost, last] = byName(spans, 'attempt');
    expect(lost).toMatchObject({
      ...{ startedAt: AT + 2_005, endedAt: last!.startedAt, failure: expect.stringContaining('worker') },
      attributes: { 'sluice.attempt': 2, 'sluice.outcome': 'lost', 'sluice.time.estimated': true },
    });
    expect(last!.attributes).not.toHaveProperty('sluice.time.estimated');
    for (const { startedAt, endedAt } of spans) expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  test('have none of what was said where content stays here, and all numbers', () => {
    const spans = spansOf(scene(), false);
    const text = JSON.stringify(spans);
    for (const said of [SECRET, 'why?', 'because', 'Be short.']) expect(text).not.toContain(said);
    expect(byName(spans, 'chat gpt-5-mini')[2]!.attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 120 });
    // What kind of step it is, its shape says.
    expect(byName(spans, 'search')[0]!.attributes['openinference.span.kind']).toBe('RETRIEVER');
  });

  test('of a run that failed say by what', () => {
    const error = { code: 'key_invalid', message: 'no such key', node: 'draft' };
    const [root] = spansOf(scene({ state: 'failed', error }), false);
    expect(root).toMatchObject({ failure: 'no such key', attributes: { 'error.type': 'key_invalid' } });
  });

  test('are of a bounded size, however much was said', () => {
    const long = { value: { text: 'x'.repeat(1_000_000) } };
    const spans = spansOf(scene({ values: { outputs: new Map([['draft[1]', long]]) } }), true);
    expect(JSON.stringify(byName(spans, 'draft')).length).toBeLessThan(40_000);
  });
});

describe('feedback', () => {
  const feedback: FeedbackRow = {
    ...{ feedbackId: 'f-1', runId: 'run-1', thumb: -1, score: 0.25, note: SECRET, emoji: '🙁' },
    ...{ fields: { tone: 'rude', useful: false, stars: 2, other: [1] }, by: null, keyId: null, isSimulated: false },
    ...{ at: AT + 9_000, receivedAt: AT + 9_500 },
  };

  test('is a span under the run, with a result for each thing that was said', () => {
    const { parentId, traceId, events } = feedbackSpan(feedback, true);
    expect([traceId, parentId]).toEqual([traceIdOf('run-1'), rootIdOf('run-1')]);
    expect(events.map(({ attributes }) => attributes)).toMatchObject([
      {
        'gen_ai.evaluation.name': 'thumb',
        'gen_ai.evaluation.score.value': -1,
        'gen_ai.evaluation.score.label': 'down',
      },
      { 'gen_ai.evaluation.name': 'score', 'gen_ai.evaluation.score.value': 0.25 },
      { 'gen_ai.evaluation.name': 'emoji', 'gen_ai.evaluation.score.label': '🙁' },
      { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.label': 'rude' },
      { 'gen_ai.evaluation.name': 'useful', 'gen_ai.evaluation.score.value': 0 },
      { 'gen_ai.evaluation.name': 'stars', 'gen_ai.evaluation.score.value': 2 },
    ]);
    expect(new Set(events.map(({ name, at }) => `${name} ${at}`))).toEqual(
      new Set([`gen_ai.evaluation.result ${AT + 9_000}`]),
    );
    expect(JSON.stringify(feedbackSpan(feedback, false))).not.toMatch(/must not go|rude/);
  });
});

test('the sample is the same share of runs in every process', () => {
  const runs = Array.from({ length: 4_000 }, (_, n) => `run-${n}`);
  const among = (share: number) => runs.filter((runId) => isSampled(runId, share));
  expect(among(1)).toHaveLength(4_000);
  expect(among(0)).toEqual([]);
  const tenth = among(0.1);
  expect(Math.abs(tenth.length - 400)).toBeLessThan(80);
  expect(among(0.2)).toEqual(expect.arrayContaining(tenth));
});
