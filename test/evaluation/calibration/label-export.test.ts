/** What raters are given: a random sample, blind, and readable again. */
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import {
  type Asked,
  createPopulation,
  drawSample,
  type ShownSubject,
  toLabelCsv,
  toLabelLines,
} from '../../../src/evaluation/calibration/sample.ts';
import { done, failed, missing, rowOf } from '../compare/make.ts';
import { subjectOf } from './make.ts';

const asked = (example: number, variant: number): Asked => ({
  ...{ subject: subjectOf(example, variant), exampleId: `e${example}`, variant, repeat: 1, score: null },
});
const all = Array.from({ length: 50 }, (_, example) => [asked(example, 0), asked(example, 1)]).flat();
const ids = (drawn: readonly Asked[]) => drawn.map(({ subject }) => subject);

describe('a sample', () => {
  it('is the same for the same seed, of whole examples, and no more of them than are needed', () => {
    const drawn = drawSample(all, 21, 7);
    expect(ids(drawSample([...all].reverse(), 21, 7)).sort()).toEqual(ids(drawn).sort());
    expect(drawn).toHaveLength(22);
    expect(new Set(drawn.map(({ exampleId }) => exampleId)).size).toBe(11);
    expect(ids(drawSample(all, 21, 7))).toEqual(ids(drawn));
    expect(ids(drawSample(all, 21, 8))).not.toEqual(ids(drawn));
    expect(drawSample(all, 1_000, 7)).toHaveLength(100);
  });

  it('takes each example as often as any other', () => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= 2_000; seed += 1)
      for (const { exampleId } of drawSample(all, 10, seed)) counts.set(exampleId, (counts.get(exampleId) ?? 0) + 1);
    // Each of 50 is drawn 5 times in 50, both of its subjects: 400, give or take 4.5 standard errors.
    expect(counts.size).toBe(50);
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(2 * 4.5 * Math.sqrt(2_000 * 0.09));
  });

  it('does not put the answers to one question side by side', () => {
    const drawn = drawSample(all, 100, 3);
    const neighbours = drawn.filter(({ exampleId }, place) => drawn[place + 1]?.exampleId === exampleId).length;
    expect(neighbours).toBeLessThan(8);
  });

  it('is drawn from what was scored, or waits for people: each subject once', () => {
    const population = createPopulation('s');
    const waiting = { ...missing('not labelled yet'), subject: 'waits' } as const;
    for (const [place, cell] of [done({ x: 1 }), done({ x: 1 }), waiting, failed(), missing()].entries())
      population.add(rowOf(place, place % 2, { cells: { s: cell } }));
    population.add(rowOf(9, 0, { cells: {} }));
    expect([...population.subjects.values()]).toEqual([
      { subject: 'subject', exampleId: 'e000', variant: 0, repeat: 1, score: { x: 1 } },
      { subject: 'waits', exampleId: 'e002', variant: 0, repeat: 1, score: null },
    ]);
  });
});

describe('a file to fill in', () => {
  const row = rowOf(1, 1, {
    output: { text: '=HYPERLINK("x")', citations: [{ n: 1 }], note: null },
    cells: { judged: { state: 'done', score: { correct: 1 }, subject: 's', detail: { reason: 'fits' } } },
  });
  const shown: ShownSubject = {
    ...{ subject: 's', row, pair: null },
    example: { id: 'e001', input: { question: 'Why?' }, expected: { answer: 'So.' } },
  };
  const settings = {
    pipeline: 'small',
    scorer: 'judged',
    version: 'd1',
    fields: ['correct', 'note'],
    showsVerdicts: false,
  };
  const csv = (...given: Parameters<typeof toLabelCsv>) => parse(toLabelCsv(...given), { columns: true }) as object[];

  it('shows what was asked, said and expected, and neither variant nor verdict', () => {
    const [first] = csv([shown], settings);
    expect(first).toEqual({
      ...{ pipeline: 'small', version: 'd1' },
      ...{ scorer: 'judged', subject: 's', rater: '', correct: '', 'value.note': '', note: '', example: 'e001' },
      ...{
        'input.question': 'Why?',
        'output.text': '\'=HYPERLINK("x")',
        'output.citations': '[{"n":1}]',
        'output.note': '',
      },
      'expected.answer': 'So.',
    });
    expect(toLabelCsv([shown], settings)).not.toContain('fits');
    expect(JSON.parse(toLabelLines([shown], settings))).toEqual({
      ...{ pipeline: 'small', version: 'd1' },
      ...{ scorer: 'judged', subject: 's', rater: null, value: { correct: null, note: null }, note: null },
      ...{ example: 'e001', input: { question: 'Why?' }, output: row.output, expected: { answer: 'So.' } },
    });
  });

  it('shows verdicts where that is asked for', () => {
    const [first] = csv([shown], { ...settings, showsVerdicts: true });
    expect(first).toMatchObject({ 'verdict.correct': '1', 'verdict.reason': 'fits' });
    expect(JSON.parse(toLabelLines([shown], { ...settings, showsVerdicts: true })).verdict).toEqual({
      correct: 1,
      reason: 'fits',
    });
  });

  it('shows two answers in one order or the other, and says which', () => {
    const baseline = rowOf(1, 0, { output: { text: 'of the baseline' } });
    const of = (isSwapped: boolean): ShownSubject => ({ ...shown, pair: { baseline, isSwapped } });
    const pair = { ...settings, scorer: 'preferred', fields: ['win'] };
    const [straight, swapped] = csv([of(false), of(true)], pair);
    expect(straight).toMatchObject({ winner: '', swapped: 'false', 'first.text': 'of the baseline' });
    expect(swapped).toMatchObject({ winner: '', swapped: 'true', 'second.text': 'of the baseline' });
    expect(straight).not.toHaveProperty('win');
    expect(JSON.parse(toLabelLines([of(true)], pair))).toMatchObject({
      winner: null,
      swapped: true,
      first: row.output,
    });
  });

  it('cuts what no cell of a spreadsheet can hold', () => {
    const long = { ...shown, example: { id: 'e', input: { question: 'x'.repeat(40_000) } } };
    const [first] = csv([long], settings) as { 'input.question': string }[];
    expect(first!['input.question']).toHaveLength(30_001);
  });
});
