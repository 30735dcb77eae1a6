/** What models are told is config: it is checked where a pipeline is defined, and part of the plan's id. */
import { expect, test } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { pipelines } from '../../pipelines/index.ts';
import { planId } from '../../src/plan/id.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import { fillPrompt } from '../../src/steps/prompts.ts';

test('another wording is another plan', () => {
  const terse = docsBot.variant('terse', (edit) => edit.configure('draft', { prompt: 'One sentence, with its [n].' }));
  expect(planId(terse.plan)).not.toBe(planId(docsBot.plan));
  const same = docsBot.variant('same', (edit) => edit.configure('draft', {}));
  expect(planId(same.plan)).toBe(planId(docsBot.plan));
});

test('a place that nothing fills is refused where the pipeline is defined, with those that there are', () => {
  const prompt = 'Answer as {{persona}} in {{language}}.';
  expect(() => docsBot.variant('v', (edit) => edit.configure('draft', { prompt }))).toThrow(
    /node 'draft'[\s\S]*nothing fills \{\{persona\}\}: use \{\{language\}\}/,
  );
  expect(() => docsBot.variant('v', (edit) => edit.configure('check', { prompt: '{{x}}' }))).toThrow(
    'nothing fills {{x}}',
  );
});

test('what is filled in is data: places in it stay as they are, and names of objects are no places', () => {
  expect(fillPrompt('{{ a }} and {{b}}, {{c}}', { a: '{{b}} $& $1', b: 2 })).toBe('{{b}} $& $1 and 2, {{c}}');
  expect(fillPrompt('{{constructor}} {{toString}}', {})).toBe('{{constructor}} {{toString}}');
});

test('a model of no provider, or another algorithm than the step has, is refused by what there is', () => {
  for (const model of ['gpt-5-mini', 'anthropic/x', 'local/lexical', 'openai/'])
    expect(() => docsBot.variant('v', (edit) => edit.configure('draft', { model }))).toThrow('local/extractive');
});

test('every plan of the variants called local asks nobody', () => {
  const local = pipelines.filter((pipeline) => 'name' in pipeline && pipeline.name === 'local');
  expect(local.map(({ id }) => id)).toEqual(['docs-bot', 'wandbot']);
  for (const { plan } of local)
    for (const node of nodesOf(plan)) {
      const calls = node.kind === 'step' ? [node.call, ...(node.fallback ? [node.fallback] : [])] : [];
      for (const { config } of calls) expect((config as { model?: string }).model ?? 'local/').toMatch(/^local\//);
    }
});
