import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createBoundary, emitNothing } from '../../../src/boundary/boundary.ts';
import { type Attempt, implement, type StepContext } from '../../../src/boundary/implement.ts';
import { defineStep } from '../../../src/index.ts';
import { DRAFT_LENGTH, PIECE_LENGTH, type TokenPiece } from '../../../src/model/token-piece.ts';

const Text = z.object({ text: z.string() });
const write = defineStep('write', {
  version: 1,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const sink = { hub: 'h', url: 'http://sink' };
const payloads = { put: async () => undefined, get: async () => new Map() };

type Run = (context: StepContext<unknown>) => string | Promise<string>;

/** What an attempt at the step sends, and how it ends. */
async function sent(run: Run, more: Partial<Attempt> = {}) {
  const pieces: TokenPiece[] = [];
  const implemented = implement(write, async (_, context) => ({ text: await run(context) }));
  const boundary = createBoundary({ payloads, tokens: (_, piece) => pieces.push(piece) }, implemented);
  const ended = await boundary({
    step: write,
    config: {},
    input: { text: '' },
    runId: 'run-1',
    key: 'draft[1]',
    call: 'step',
    attempt: 1,
    timeoutMs: 5_000,
    heartbeatMs: undefined,
    beats: 'timer',
    signal: new AbortController().signal,
    heartbeat: () => undefined,
    sink,
    ...more,
  }).catch((error: Error) => error);
  return { pieces, ended };
}

const emitting =
  (...texts: readonly string[]): Run =>
  ({ emit }) => {
    for (const text of texts) emit(text);
    return texts.join('');
  };
const told = (pieces: readonly TokenPiece[]) =>
  pieces.map(({ seq, text, isVoid }) => [seq, text, ...(isVoid ? ['void'] : [])]);

describe('what a step emits', () => {
  test('leaves in numbered pieces that name their writer', async () => {
    const { pieces } = await sent(emitting('Hel', '', 'lo'));
    const writer = { runId: 'run-1', key: 'draft[1]', call: 'step', attempt: 1 };
    expect(pieces).toEqual([
      { ...writer, seq: 0, text: 'Hel' },
      { ...writer, seq: 1, text: 'lo' },
    ]);
  });

  test('goes nowhere where nobody asked, by one function for all', async () => {
    const seen: unknown[] = [];
    const run: Run = ({ emit }) => {
      seen.push(emit);
      emit('x');
      return 'x';
    };
    const { pieces } = await sent(run, { sink: undefined } as object);
    expect([pieces, seen]).toEqual([[], [emitNothing]]);
  });

  test('of a step that emits nothing: nothing, unless it may follow text that is void now', async () => {
    expect(told((await sent(() => 'x')).pieces)).toEqual([]);
    for (const replaces of [{ attempt: 2 }, { call: 'fallback' }, { key: 'draft[2]' }, { key: 'a[10][1]' }] as const)
      expect(told((await sent(() => 'x', replaces)).pieces)).toEqual([[0, '']]);
    for (const first of [{ key: 'draft' }, { key: 'a[1][0]' }, { key: 'a2' }])
      expect(told((await sent(() => 'x', first)).pieces)).toEqual([]);
  });

  test('is taken back when the attempt fails, also for what it returned; later text of it is not sent', async () => {
    let late = (_: string): void => undefined;
    const failing: Run = ({ emit }) => {
      late = emit;
      emit('Hel');
      throw new Error('cut');
    };
    const { pieces, ended } = await sent(failing);
    expect(ended).toMatchObject({ message: 'cut' });
    late('lo');
    expect(told(pieces)).toEqual([
      [0, 'Hel'],
      [1, '', 'void'],
    ]);
    const misshapen = await sent(({ emit }) => {
      emit('x');
      return 7 as never;
    });
    expect(told(misshapen.pieces).at(-1)).toEqual([1, '', 'void']);
  });

  test('of a step that is deaf to its time limit ends with the limit', async () => {
    let late = (_: string): void => undefined;
    const deaf: Run = ({ emit }) => {
      late = emit;
      emit('x');
      return new Promise(() => undefined);
    };
    const { pieces } = await sent(deaf, { timeoutMs: 20 });
    late('y');
    expect(told(pieces)).toEqual([
      [0, 'x'],
      [1, '', 'void'],
    ]);
  });

  test('is never cut within a surrogate pair, however it was emitted', async () => {
    const { pieces } = await sent(emitting('a\ud83d', '\ude00b', '\ud83d', '\ud83d'));
    expect(told(pieces)).toEqual([
      [0, 'a'],
      [1, '😀b'],
      [2, '\ud83d'],
      [3, '\ud83d'],
    ]);
    const long = `${'x'.repeat(PIECE_LENGTH - 1)}😀${'y'.repeat(PIECE_LENGTH)}`;
    const split = (await sent(emitting(long))).pieces.map(({ text }) => text);
    expect(split.join('')).toBe(long);
    expect(split.every((text) => text.isWellFormed() && text.length <= PIECE_LENGTH)).toBe(true);
  });

  test('is not sent beyond the longest draft', async () => {
    const half = 'x'.repeat(DRAFT_LENGTH / 2);
    const { pieces } = await sent(emitting(half, half, 'more', 'and more'));
    expect(pieces.reduce((sum, { text }) => sum + text.length, 0)).toBe(DRAFT_LENGTH);
  });
});
