import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StreamEvent } from '../../src/client/run-result.ts';
import { createDrafts } from '../../src/client/stream-run.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { DRAFT_LENGTH, type TokenPiece } from '../../src/model/token-piece.ts';
import { answerText } from '../../src/plan/answer-text.ts';

const Text = z.object({ text: z.string() });
const write = defineStep('write', {
  version: 1,
  input: Text,
  output: z.object({ text: z.string(), isGood: z.boolean() }),
  effect: 'read',
  policy: { attempts: 3, timeout: '1 second' },
});

/** A question, drafts in a loop, and a refusal in their place. */
const looped = definePipeline('looped', Text)
  .step('question', write, ({ input }) => ({ text: input.text }))
  .repeat('answer', { max: 3, carry: Text, start: { text: '' }, whenExhausted: 'keep-last' }, (round) =>
    round
      .step('draft', write, ({ carry }) => ({ text: carry.text }))
      .until(
        ({ draft }) => draft.isGood,
        ({ draft }) => ({ text: draft.text }),
      ),
  )
  .branch(
    'reply',
    Text,
    ({ question }) => question.isGood,
    (arm) => arm.yield(({ answer }) => ({ text: answer.draft.text })),
    (arm) =>
      arm
        .step('refusal', write, ({ input }) => ({ text: input.text }))
        .yield(({ refusal }) => ({ text: refusal.text })),
  )
  .output(Text, ({ reply }) => ({ text: reply.text })).plan;

const mapped = definePipeline('mapped', z.object({ texts: z.array(z.string()) }))
  .map(
    'each',
    Text,
    ({ input }) => input.texts,
    { max: 5, concurrency: 5, whenOver: 'fail' },
    (item) => item.step('line', write, ({ item }) => ({ text: item })).yield(({ line }) => ({ text: line.text })),
  )
  .output(z.object({ lines: z.array(Text) }), ({ each }) => ({ lines: each })).plan;

const piece = (key: string, seq: number, text: string, more: Partial<TokenPiece> = {}): TokenPiece => ({
  runId: 'run-1',
  key,
  call: 'step',
  attempt: 1,
  seq,
  text,
  ...more,
});
const draftsOf = (plan = looped) => createDrafts(plan, answerText(plan));
const told = (events: readonly StreamEvent[]) =>
  events.map((event) =>
    event.kind === 'token' ? event.text : event.kind === 'retract' ? `-${event.key}` : event.kind,
  );
const play = (pieces: readonly TokenPiece[], drafts = draftsOf()) =>
  told(pieces.flatMap((each) => [...drafts.take(each)]));

describe('drafts', () => {
  test('are shown piece by piece, with node, attempt and round, numbered anew in each', () => {
    const drafts = draftsOf();
    const seen = [piece('draft[2]', 0, '', { attempt: 2 }), piece('draft[2]', 1, 'a', { attempt: 2 })];
    expect(seen.flatMap((each) => [...drafts.take(each)])).toEqual([
      { kind: 'token', runId: 'run-1', node: 'draft', key: 'draft[2]', attempt: 2, round: 2, seq: 0, text: 'a' },
    ]);
  });

  test('only of the steps that the answer may come from', () => {
    expect(play([piece('question', 0, 'x'), piece('nobody', 0, 'x'), piece('draft', 0, 'x')])).toEqual([]);
  });

  test('are taken back by a retry, a later round, a fallback, another step, and their own failure', () => {
    const retry = { attempt: 2 };
    expect(play([piece('draft[1]', 0, 'a'), piece('draft[1]', 0, 'b', retry)])).toEqual(['a', '-draft[1]', 'b']);
    expect(play([piece('draft[1]', 0, 'a', retry), piece('draft[2]', 0, '')])).toEqual(['a', '-draft[1]']);
    const fallback = { call: 'fallback' } as const;
    expect(play([piece('draft[1]', 0, 'a', retry), piece('draft[1]', 0, 'b', fallback)])).toEqual([
      'a',
      '-draft[1]',
      'b',
    ]);
    expect(play([piece('draft[1]', 0, 'a'), piece('refusal', 0, 'no')])).toEqual(['a', '-draft[1]', 'no']);
    expect(play([piece('draft[1]', 0, 'a'), piece('draft[1]', 1, '', { isVoid: true })])).toEqual(['a', '-draft[1]']);
  });

  test('that are void stay so: a dead attempt that still writes, an earlier round, a step that was replaced', () => {
    const later = piece('draft[2]', 0, 'b', { attempt: 2 });
    const zombies = [piece('draft[2]', 1, 'z'), piece('draft[1]', 0, 'z', { attempt: 9 }), piece('draft[2]', 0, 'z')];
    expect(play([piece('draft[2]', 0, 'a'), later, ...zombies])).toEqual(['a', '-draft[2]', 'b']);
    expect(play([piece('draft[1]', 0, 'a'), piece('refusal', 0, 'no'), piece('draft[1]', 1, 'z')])).toEqual([
      'a',
      '-draft[1]',
      'no',
    ]);
    const failed = [piece('draft[1]', 0, 'a'), piece('draft[1]', 2, '', { isVoid: true }), piece('draft[1]', 1, 'z')];
    expect(play(failed)).toEqual(['a', '-draft[1]']);
    expect(play([piece('draft[10]', 0, 'a'), piece('draft[9]', 0, 'z')])).toEqual(['a']);
  });

  test('of a plan without one text are shown each for itself', () => {
    const pieces = [
      piece('line[0]', 0, 'a'),
      piece('line[1]', 0, 'b'),
      piece('line[0]', 1, 'c'),
      piece('line[1]', 0, 'd', { attempt: 2 }),
    ];
    expect(play(pieces, draftsOf(mapped))).toEqual(['a', 'b', 'c', '-line[1]', 'd']);
  });

  test('never show a hole, whatever is lost, doubled or late; the accepted text brings the rest', () => {
    const word = fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme' });
    const arrivals = fc.array(word, { minLength: 1, maxLength: 30 }).chain((words) => {
      const pieces = words.map((text, seq) => piece('draft[1]', seq, text));
      const some = fc.array(fc.constantFrom(...pieces), { maxLength: 60 });
      return fc.tuple(fc.constant(words.join('')), fc.oneof(some, fc.shuffledSubarray(pieces)));
    });
    fc.assert(
      fc.property(arrivals, ([whole, pieces]) => {
        const drafts = draftsOf();
        let shown = '';
        for (const each of pieces)
          for (const event of drafts.take(each)) {
            if (event.kind !== 'token') throw new Error('nothing was void');
            shown += event.text;
            expect(whole.startsWith(shown)).toBe(true);
          }
        const { retracted, rest } = drafts.accept(whole);
        expect([retracted, shown + rest]).toEqual([[], whole]);
      }),
      { seed: 7 },
    );
  });

  test('in any order of arrival come out whole', () => {
    const pieces = ['a', 'b', 'c', 'd'].map((text, seq) => piece('draft[1]', seq, text));
    expect(play(pieces.toReversed()).join('')).toBe('abcd');
  });

  test('end when too much is missing or written', () => {
    const late = Array.from({ length: 1_001 }, (_, seq) => piece('draft[1]', seq + 1, 'x'));
    expect(play([...late, piece('draft[1]', 0, 'x')])).toEqual([]);
    const half = 'x'.repeat(DRAFT_LENGTH / 2);
    const long = [half, half, 'y', 'z'].map((text, seq) => piece('draft[1]', seq, text));
    expect(play(long)).toEqual([half, half]);
  });

  test('that the answer is none of are taken back, and it is shown whole', () => {
    const drafts = draftsOf();
    play([piece('draft[1]', 0, 'draft')], drafts);
    const { retracted, rest } = drafts.accept('answer');
    expect([told(retracted), rest]).toEqual([['-draft[1]'], 'answer']);
    const failed = draftsOf();
    play([piece('draft[1]', 0, 'draft')], failed);
    expect([told(failed.takeBack()), failed.takeBack()]).toEqual([['-draft[1]'], []]);
    expect(draftsOf().accept('answer')).toEqual({ retracted: [], rest: 'answer' });
  });
});
