/** What the playground makes of schemas, of what is written, and of what a stream says. */
import { describe, expect, test } from 'vitest';
import { asking, told } from '../../dashboard/screens/playground/answer.ts';
import { type RunEvent, readEvents } from '../../dashboard/screens/playground/events.ts';
import { fieldsOf, filledIn, inputFor } from '../../dashboard/screens/playground/fields.ts';
import type { RunResult } from '../../src/client/run-result.ts';

const SCHEMA = {
  properties: {
    history: { type: 'array' },
    tone: { type: 'string', enum: ['plain', 'kind'] },
    question: { type: 'string', maxLength: 20 },
    count: { type: 'integer', description: 'how many' },
  },
  required: ['question', 'count'],
} as const;

describe('fields', () => {
  test('the question first, then what must be given; texts as they are, the rest as JSON', () => {
    expect(fieldsOf([SCHEMA]).map(({ name, is, isRequired }) => [name, is, isRequired])).toEqual([
      ['question', 'text', true],
      ['count', 'json', true],
      ['history', 'json', false],
      ['tone', 'choice', false],
    ]);
    expect(fieldsOf([SCHEMA])[1]!.about).toBe('how many; JSON, an integer');
  });

  test('of two schemas all fields once; each is given its own', () => {
    const other = { properties: { question: { type: 'string' }, extra: { type: 'string' } }, required: ['extra'] };
    expect(fieldsOf([SCHEMA, other]).map(({ name }) => name)).toEqual([
      'question',
      'count',
      'extra',
      'history',
      'tone',
    ]);
    expect(inputFor(other, { question: 'why?', count: 3, extra: 'x' })).toEqual({ question: 'why?', extra: 'x' });
  });

  test('what is left empty is not given; what is no JSON, or has to be given, is said', () => {
    const fields = fieldsOf([SCHEMA]);
    expect(filledIn(fields, { question: ' why? ', count: '3', history: '  ' })).toEqual({
      input: { question: ' why? ', count: 3 },
      wrong: new Map(),
    });
    const { wrong } = filledIn(fields, { count: '[3' });
    expect(wrong.get('question')).toBe('it must be given');
    expect(wrong.get('count')).toMatch(/^it is no JSON: /);
  });
});

test('a stream is read event by event, wherever its pieces are cut, and comments are none', async () => {
  const text =
    ': alive\n\nevent: run\ndata: {"kind":"run","runId":"run-ü"}\nid: 0\n\ndata: {"kind":"broken",\ndata: "runId":"r"}\n\n';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size));
        controller.close();
      },
    });
    expect(await Array.fromAsync(readEvents(new Response(body)))).toEqual([
      { kind: 'run', runId: 'run-ü' },
      { kind: 'broken', runId: 'r' },
    ]);
  }
});

describe('an answer', () => {
  const draft = { runId: 'r', node: 'draft', attempt: 1, round: 1 } as const;
  const result = { runId: 'r', outcome: 'completed', output: { text: 'Done.' } } as unknown as RunResult;
  const tell = (events: readonly RunEvent[]) =>
    events.reduce((answer, event, place) => told(answer, event, 100 * (place + 1)), asking('docs-bot'));

  test('a draft that is taken back is gone, and counted; the accepted text stands', () => {
    const events: readonly RunEvent[] = [
      { kind: 'run', runId: 'r', temporalUrl: '' },
      { kind: 'token', ...draft, key: 'draft[1]', seq: 0, text: 'No' },
      { kind: 'token', ...draft, key: 'draft[1]', seq: 1, text: 't' },
      { kind: 'token', ...draft, key: 'other', seq: 0, text: 'x' },
      { kind: 'retract', ...draft, key: 'draft[1]' },
    ];
    expect(tell(events.slice(0, 4)).drafts).toEqual([
      { key: 'draft[1]', text: 'Not' },
      { key: 'other', text: 'x' },
    ]);
    expect(tell(events)).toMatchObject({ drafts: [{ key: 'other' }], retracted: 1, firstTextMs: 200, phase: 'asking' });
    const ended = tell([
      ...events,
      { kind: 'accepted', runId: 'r', text: 'Done.', rest: 'Done.', output: { text: 'Done.' } },
      { kind: 'answer', runId: 'r', result },
    ]);
    expect(ended).toMatchObject({ phase: 'answered', text: 'Done.', drafts: [], waitedMs: 700 });
  });

  test('a run that failed says why, and one whose stream broke that it goes on', () => {
    const error = { code: 'step_failed', message: 'the index is gone', node: 'vector', nodeKey: 'vector' };
    const failed = { ...result, outcome: 'failed', output: null } as RunResult;
    expect(tell([{ kind: 'failed', runId: 'r', error, result: failed } as unknown as RunEvent])).toMatchObject({
      ...{ phase: 'failed', text: null },
      trouble: { message: 'the index is gone' },
    });
    const { phase, trouble } = tell([{ kind: 'broken', runId: 'r', message: 'the stream broke' }]);
    expect(phase).toBe('broken');
    expect(trouble!.remedy).toMatch(/goes on/);
  });
});
