/** Values that are hard to keep: halves of characters, megabytes, and what was left out. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../../src/index.ts';
import { planId } from '../../../src/plan/id.ts';
import { examplesOf, implementOdd, oddSpec } from './odd.ts';
import { cellsOf, put, type Stage, workerOn } from './stage.ts';
import { create, putExamples, rowsOf, run, workerOf } from './world.ts';

export function describeValues(stage: Stage): void {
  const { world } = stage;
  const rowsWith = async (answer: (text: string) => string) => {
    world.answer = (text, { config }) => `${answer(text)}${config.mark}`;
    const { evaluationId, examples } = await put(stage, 1);
    await run(workerOn(stage), evaluationId);
    return { rows: await rowsOf(stage.place, evaluationId), text: examples[0]!.input.text as string };
  };

  describe('keeps an output', () => {
    test.each([
      ['half of a surrogate pair', ' \ud83d'],
      ['the other half', '\udc00 '],
      ['a NUL', '\0'],
    ])('with %s, which is replaced before it is scored', async (_, odd) => {
      const { rows, text } = await rowsWith((given) => `${given}${odd}`);
      const kept = odd.toWellFormed().replace('\0', '\ufffd');
      expect(rows.map(({ output }) => output)).toEqual([{ text: `${text}${kept}.` }, { text: `${text}${kept}!` }]);
      expect(cellsOf(rows, 'graded')).toMatchObject([{ state: 'done' }, { state: 'done' }]);
      expect(world.asked).toContain(`grade ${text}${kept}!`);
    });

    test('of odd but whole characters as it is', async () => {
      const odd = '\u200f\u202e e\u0301 \u{1f468}\u200d\u{1f469} \ufeff \\ud83d \u2028 "\\u0000"';
      const { rows, text } = await rowsWith((given) => `${given}${odd}`);
      expect(rows[1]!.output).toEqual({ text: `${text}${odd}!` });
    });

    test('that is too large for a history as it is, and scorers are given all of it', async () => {
      const large = 'x'.repeat(300_000);
      world.grade = (answer) => Number(answer.length > 300_000);
      const { rows, text } = await rowsWith((given) => `${given}${large}`);
      expect(rows[1]!.output).toEqual({ text: `${text}${large}!` });
      expect(cellsOf(rows, 'graded')).toMatchObject([{ score: { score: 1 } }, { score: { score: 1 } }]);
      const [shown] = await stage.place.database.query<{ bytes: number }>(
        'select max(length(output::text)) as bytes from evaluation_result',
      );
      expect(shown!.bytes).toBeLessThan(1_000);
    });

    test('that is larger than any may be not at all: it fails', async () => {
      const { rows } = await rowsWith((given) => `${given}${'x'.repeat(1_600_000)}`);
      expect(rows).toMatchObject(
        Array(2).fill({ outcome: 'failed', error: { code: 'PayloadTooLarge' }, output: null }),
      );
    });
  });

  test('asks and keeps what rules of redaction leave, also where a call was memoised without them', async () => {
    const secret = 'ada@planted.example';
    world.answer = (text, { config }) => `${text}, said ${secret}${config.mark}`;
    const examples = [{ ...examplesOf(1)[0]!, input: { text: `of ${secret}` } }];
    const plain = await put(stage, examples);
    await run(workerOn(stage), plain.evaluationId);
    expect(JSON.stringify(await rowsOf(stage.place, plain.evaluationId))).toContain(secret);

    const place = stage.place.with({ SLUICE_REDACT: 'email' });
    const redacted = await put({ ...stage, place }, examples);
    world.asked.length = 0;
    await run(workerOf(place, implementOdd(world)), redacted.evaluationId);
    const rows = await rowsOf(place, redacted.evaluationId);
    expect(rows[0]!.output).toEqual({ text: 'of [redacted:email], said [redacted:email].' });
    expect(JSON.stringify([rows, world.asked])).not.toContain(secret);
    expect(world.asked).toContain('grade of [redacted:email], said [redacted:email].');
  });

  test('fills in what the schema of its input says of what was left out, as a run does', async () => {
    const Listed = z.object({ text: z.string(), more: z.array(z.string()) });
    const Given = z.object({ text: z.string(), more: Listed.shape.more.default(['of it']) });
    const Text = z.object({ text: z.string() });
    const join = defineStep('joined', {
      version: 1,
      input: Listed,
      output: Text,
      effect: 'read',
      policy: { attempts: 1, timeout: '5 seconds' },
    });
    const { plan } = definePipeline('joining', Given)
      .step('one', join, ({ input }) => ({ text: input.text, more: input.more }))
      .output(Text, ({ one }) => ({ text: one.text }));
    const [left, given] = examplesOf(2);
    const examples = [left!, { ...given!, input: { ...given!.input, more: ['or less'] } }];
    const spec = oddSpec(await putExamples(stage.place, examples), 2, {
      ...{ pipeline: 'joining', variants: [{ name: 'baseline', planId: planId(plan) }], scorers: [], metrics: [] },
    });
    const evaluationId = await create(stage.place, { spec, plans: [plan] });
    const joining = implement(join, ({ text, more }) => ({ text: [text, ...more].join(' ') }));
    await run(workerOf(stage.place, [joining]), evaluationId);
    expect((await rowsOf(stage.place, evaluationId)).map(({ output }) => output)).toEqual([
      { text: `${left!.input.text} of it` },
      { text: `${given!.input.text} or less` },
    ]);
  });
}
