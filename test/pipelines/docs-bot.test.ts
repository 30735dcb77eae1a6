/** The documentation bot on its local models, over real pages, walked in this process: no server, an index in memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { local } from '../../pipelines/docs-bot.ts';
import { pipelines } from '../../pipelines/index.ts';
import { coverage, stemSet, termsOf } from '../../src/extractive/terms.ts';
import { stepName } from '../../src/index.ts';
import { chunkDocument, type Passage } from '../../src/ingest/document.ts';
import { Answer, Question } from '../../src/model/step-schemas.ts';
import type { Json } from '../../src/plan/plan.ts';
import { configOf, workflowInput } from '../../src/plan/skeleton.ts';
import { type NodeRun, walk } from '../../src/plan/walk.ts';
import { createActivities } from '../../src/steps/implementations.ts';
import type { Search } from '../../src/store/keyword-search.ts';
import { memoryIndex } from '../embedding/memory-index.ts';
import { noProviders } from '../support/fake-providers.ts';

const PAGES = [
  '03-ai-sdk-core/30-embeddings',
  '03-ai-sdk-core/05-generating-text',
  '06-advanced/04-caching',
  '09-troubleshooting/06-timeout-on-vercel',
];

const passages: readonly Passage[] = (await Promise.all(PAGES.map(passagesOf))).flat();

async function passagesOf(page: string): Promise<readonly Passage[]> {
  const text = readFileSync(join(process.cwd(), 'node_modules/ai/docs', `${page}.mdx`), 'utf8');
  const result = await chunkDocument({ id: page, name: page, text, format: 'mdx' }, 'headings');
  return result.kind === 'chunked' ? result.document.passages : [];
}

/** Ranks by how much of the query a passage covers: enough to feed the steps behind it. */
const search: Search = {
  keyword: async (_index, queries, { top }) =>
    queries.map(({ id, query }) => {
      const terms = termsOf(query);
      const scored = passages
        .map((passage) => ({
          passage,
          score:
            terms.length === 0 ? 0 : coverage(terms, stemSet(`${passage.title} ${passage.heading} ${passage.text}`)),
        }))
        .filter(({ score }) => score > 0)
        .sort((one, other) => other.score - one.score);
      const hits = scored.slice(0, top).map(({ passage: { id: passageId, text, title, heading }, score }) => ({
        id: passageId,
        score,
        text,
        title: title ?? null,
        url: null,
        heading,
      }));
      return { id, hits };
    }),
};

const store = { search, ...(await memoryIndex(passages)) };
const implementations = new Map(
  createActivities({ store, providers: noProviders }).map((each) => [stepName(each.step), each]),
);

async function ask(input: Json) {
  const nodes: NodeRun[] = [];
  const { output, finished } = walk(
    local.plan,
    Question.parse(input) as Json,
    async ({ node, call, input: given, key, signal }) => {
      const { step, run } = implementations.get(call === 'step' ? node.call.step : node.fallback!.step)!;
      const config = step.config.parse(configOf(local.plan, node.id, call));
      const context = {
        config,
        signal,
        heartbeat: () => undefined,
        emit: () => undefined,
        idempotencyKey: key,
        runId: 'run',
        key,
        attempt: 1,
        priority: 'serving' as const,
      };
      return step.output.parse(await run(step.input.parse(given), context)) as Json;
    },
    { onNode: (node) => void nodes.push(node) },
  );
  const answer = Answer.parse(await output);
  return { answer, outcome: (await finished).outcome, nodes };
}

test('every step of every pipeline is implemented', () => {
  const used = pipelines.flatMap((pipeline) => pipeline.steps.map(stepName));
  expect(used.filter((name) => !implementations.has(name))).toEqual([]);
});

test('every plan fits the input of a workflow, its prompts left out', () => {
  for (const { plan } of pipelines) expect(JSON.stringify(workflowInput(plan)).length).toBeLessThan(8_192);
});

describe('questions the pages answer', () => {
  test.each([
    ['How do I embed many values at once?', '03-ai-sdk-core/30-embeddings', 'embedMany'],
    ['How can I cache model responses with middleware?', '06-advanced/04-caching', 'middleware'],
    ['How do I extend the timeout on Vercel?', '09-troubleshooting/06-timeout-on-vercel', 'maxDuration'],
  ])('%s', async (question, page, word) => {
    const { answer, outcome } = await ask({ question });
    expect(outcome).toBe('completed');
    expect(answer).toMatchObject({ passed: true, answered: true });
    expect(answer.text).toContain(word);
    expect(answer.citations[0]!.passageId.split('#')[0]).toBe(page);
    for (const [, n] of answer.text.matchAll(/\[(\d+)\]/g))
      expect(answer.citations.map((each) => each.n)).toContain(Number(n));
  });

  test('a follow-up is understood from the conversation', async () => {
    const history = [{ role: 'user', content: 'How do I embed many values at once?' }];
    const { answer } = await ask({ question: 'How do I compare them?', history });
    expect(answer.answered).toBe(true);
    expect(answer.citations[0]!.passageId).toContain('embeddings');
  });
});

describe('questions they do not', () => {
  test.each([
    'How do I write a Terraform module?',
    'Who is the CEO of Oracle?',
    'ストリーミングの方法は？',
    'the of and',
    "'; DROP TABLE passage; --",
  ])('%s', async (question) => {
    const { answer, outcome, nodes } = await ask({ question });
    expect(outcome).toBe('completed');
    expect(answer).toMatchObject({ answered: false, passed: true });
    expect(answer.text).toMatch(/^The documents do not/);
    expect(nodes.map(({ key }) => key)).toContain('refusal');
  });
});

test('what is no question is refused before anything runs, with what to do', () => {
  for (const [input, words] of [
    [{ question: '' }, 'ask something'],
    [{}, 'give the question as a text'],
    [{ question: 'x'.repeat(1_000_000) }, 'shorten the question'],
    [{ question: 'x', history: Array(51).fill({ role: 'user', content: 'x' }) }, 'the last 50 turns'],
  ] as const)
    expect(Question.safeParse(input).error?.issues[0]?.message).toContain(words);
});
