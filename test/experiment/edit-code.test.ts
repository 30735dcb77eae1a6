import { describe, expect, test } from 'vitest';
import type { AnyVariant } from '../../src/dsl/edit.ts';
import { editLines } from '../../src/experiment/promoted.ts';
import type { NodeEdit } from '../../src/plan/plan.ts';
import * as example from '../dsl/example.ts';

const { supportBot, keepOrder } = example;
const printed = (edits: readonly NodeEdit[]) => editLines(supportBot.plan, edits).join('\n');

/** What an author would have after pasting the lines into `variant(...)`. */
function pasted(lines: string): AnyVariant {
  const steps = Object.entries(example).filter(([name]) => /^[a-z]/.test(name));
  const write = new Function(...steps.map(([name]) => name), `return (edit) => ${lines}`);
  return supportBot.variant('pasted', write(...steps.map(([, step]) => step)));
}

const everyOption = supportBot.variant('every-option', (edit) =>
  edit
    .options('vector', { max: 4, concurrency: 2 })
    .options('understood', {
      attempts: 2,
      timeout: '1500 ms',
      heartbeat: '2 minutes',
      backoff: { first: '1 second', factor: 1.5, max: '1 hour' },
      orElse: { standalone: 'it\'s "quoted" \\ and\nbroken', queries: [], answerable: false },
    })
    .options('ranked', { fallback: null, taskQueue: 'others', beats: 'timer' })
    .options('check', { lane: 'activity' }),
);

describe('edits as code', () => {
  test('reads as an author writes it', () => {
    expect(printed(example.wide.edits)).toBe(
      "edit\n  .configure('ranked', { topN: 12 })\n  .options('answer', { max: 2 })",
    );
    expect(printed(example.imagined.edits)).toBe(
      "edit.swap('understood', imagine /* imagine@1 */, { model: 'local/extractive', words: 60 })",
    );
    expect(printed(example.rawQuestion.edits)).toBe(
      [
        'edit',
        "  .rewire('ranked', ({ fused, input }) => ({ query: input.question, passages: fused.passages }))",
        "  .replace('lookup', keywordSearch /* keywordSearch@3 */, ({ item }) => ({ query: item }), { topK: 40, fields: ['text'] })",
      ].join('\n'),
    );
    expect(printed([])).toBe('');
  });

  test.each([
    example.wide,
    example.imagined,
    example.imaginedAndWide,
    example.rawQuestion,
    everyOption,
    supportBot.variant('kept', (edit) =>
      edit.swap('ranked', keepOrder, { topN: 3 }).options('ranked', { fallback: null }),
    ),
    supportBot.variant('carried', (edit) =>
      edit.rewire('draft', ({ carry, input, ranked }) => ({
        question: input.question,
        passages: ranked.passages,
        feedback: carry.feedback,
      })),
    ),
    supportBot.variant('fixed', (edit) => edit.rewire('keyword', () => ({ query: 'always this' }))),
  ])('pasted, $name is the same variant', (variant) => {
    expect(pasted(printed(variant.edits)).edits).toEqual(variant.edits);
  });

  test('long configs are broken into lines, and nothing of them is cut', () => {
    const prompt = 'Say what you know. '.repeat(20);
    const lines = editLines(supportBot.plan, [
      { node: 'draft', facet: 'config', config: { model: 'm', prompt, list: [1, 2] } },
    ]);
    expect(lines).toEqual([
      "edit.configure('draft', {",
      "  model: 'm',",
      `  prompt: '${prompt}',`,
      '  list: [1, 2],',
      '})',
    ]);
  });

  test('a config that the plan has already is written whole', () => {
    expect(printed([{ node: 'ranked', facet: 'config', config: { topN: 8, model: 'local/lexical' } }])).toBe(
      "edit.configure('ranked', { topN: 8, model: 'local/lexical' })",
    );
  });

  test('a step is named as code would name it', () => {
    const swap: NodeEdit = { node: 'ranked', facet: 'step', call: { step: 'keep-the_order@4', config: {} } };
    expect(printed([swap])).toBe("edit.swap('ranked', keepTheOrder /* keep-the_order@4 */)");
  });
});
