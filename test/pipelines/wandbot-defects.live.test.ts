/**
 * What went wrong in Weights & Biases' bot, as one can read in its code (release 1.3), does not go wrong here. Real runs
 * of both bots, with real adapters, on a stand-in of their providers.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { wandbot } from '../../pipelines/wandbot.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import { definePipeline } from '../../src/index.ts';
import { Question, WandbotAnswer } from '../../src/model/step-schemas.ts';
import { createActivities } from '../../src/steps/implementations.ts';
import { generate } from '../../src/steps/model-steps.ts';
import type { RequestSeen } from '../standin/record.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { type Live, startLive } from '../support/live.ts';

/** None of them at an `https` address, which is where that bot's judge looked for them. */
const DOCUMENTS = [
  { id: 'runs', title: 'Runs', text: 'A run is started with init and logs metrics.', url: 'http://intranet/runs' },
  { id: 'sweeps', title: 'Sweeps', text: 'A sweep tries hyperparameters in many runs.' },
  { id: 'artifacts', title: 'Artifacts', text: 'An artifact stores versions of a dataset.' },
];
const QUESTION = 'How is a run started?';
const GONE = { kind: 'status', status: 401 } as const;

let standIn: LocalStandIn;
let live: Live;
beforeAll(async () => {
  standIn = await startStandIn();
  live = await startLive(createActivities, {
    OPENAI_API_KEY: 'sk-stand-in',
    OPENAI_BASE_URL: standIn.openaiUrl,
    CO_API_KEY: 'co-stand-in',
    COHERE_BASE_URL: standIn.cohereUrl,
  });
  const source = join(live.folder, 'documents.jsonl');
  await writeFile(source, DOCUMENTS.map((document) => JSON.stringify(document)).join('\n'));
  const ingest = (index: string, embed: string) => live.client.ingest({ index, source, chunk: 'none', embed });
  await ingest('wandb-docs', 'openai/text-embedding-3-small:512');
  await ingest('ai-docs', 'openai/text-embedding-3-small');
  await ingest('by-words', 'local/lsa');
});
beforeEach(() => standIn.reset());
afterAll(async () => {
  await live?.stop();
  await standIn?.close();
});

const nodeOf = ({ nodes }: RunResult, key: string) => nodes.find((node) => node.key === key);

function messagesOf({ body }: RequestSeen) {
  return (body as { readonly messages: readonly { readonly role: string; readonly content: string }[] }).messages;
}

describe('1: who said what in a conversation', () => {
  const history = [
    { role: 'user', content: 'What is a sweep?' },
    { role: 'assistant', content: 'It tries hyperparameters.' },
    { role: 'user', content: 'And an artifact?' },
    { role: 'assistant', content: 'It stores versions.' },
  ] as const;

  test.each([
    ['docs-bot', docsBot],
    ['wandbot', wandbot],
  ] as const)('%s: each turn is a message of its own, in its own role, in order', async (_, bot) => {
    const run = await live.client.run(bot, { question: QUESTION, history });
    expect(run.outcome).toBe('completed');
    const [asked] = await standIn.requests({ schema: 'searches' });
    const [system, ...rest] = messagesOf(asked!);
    expect(system!.content).not.toContain('sweep');
    expect(rest).toEqual([...history, { role: 'user', content: QUESTION }]);
  });
});

describe('2: an error is no answer', () => {
  test('where nothing can write, the run fails, typed, and has no output', async () => {
    await standIn.fault(GONE, { route: 'openai/chat', times: 'always' });
    await standIn.fault(GONE, { route: 'cohere/chat', times: 'always' });
    const started = await live.client.start(wandbot, { question: QUESTION });
    const run = await started.finished;
    expect(run).toMatchObject({ outcome: 'failed', output: null, error: { code: 'key_invalid' } });
    expect(await started.answer).toBeNull();
    expect(nodeOf(run, 'draft')).toMatchObject({ outcome: 'failed' });
  });
});

test('3: tokens are counted and steps timed, as the provider counted them', async () => {
  const run = await live.client.run(wandbot, { question: QUESTION });
  const billed = await standIn.billed();
  expect(run.inputTokens).toBe(billed.inputTokens);
  expect(run.outputTokens).toBe(billed.outputTokens);
  for (const key of ['enhance', 'vector', 'draft']) {
    expect(nodeOf(run, key)!.inputTokens, key).toBeGreaterThan(0);
    expect(nodeOf(run, key)!.durationMs, key).toBeGreaterThan(0);
  }
  expect(nodeOf(run, 'enhance')!.outputTokens).toBeGreaterThan(0);
});

test('4: what an answer rests on is data, wherever its documents are, and is never read out of a prompt', async () => {
  const text = 'With init [1], in sweeps [2], or stored [3].';
  await standIn.reply({ route: 'openai/chat', contains: '<document' }, { text });
  const { output } = await live.client.run(wandbot, { question: QUESTION });
  const { citations } = WandbotAnswer.parse(output);
  expect(citations.map(({ passageId }) => passageId).sort()).toEqual(DOCUMENTS.map(({ id }) => id).sort());
  expect(citations.map(({ url }) => url).filter(Boolean)).toEqual(['http://intranet/runs']);
});

test('5: a judge that cannot be asked has not found the answer wrong: words are compared, and the run says so', async () => {
  await standIn.fault(GONE, { route: 'openai/chat', schema: 'verdict', times: 'always' });
  const run = await live.client.run(docsBot, { question: QUESTION });
  expect(run).toMatchObject({ outcome: 'degraded', degraded: true, output: { answered: true, passed: true } });
  expect(nodeOf(run, 'check[1]')).toMatchObject({ outcome: 'fallback', error: { code: 'key_invalid' } });
});

test('6: a model is no fallback for itself', () => {
  const same = generate.with({ model: 'openai/gpt-5-mini' });
  const input = { question: '', passages: [], feedback: '' };
  expect(() =>
    definePipeline('bot', Question).step(
      'draft',
      generate,
      () => input,
      { model: 'openai/gpt-5-mini' },
      { fallback: same },
    ),
  ).toThrow("node 'draft': its fallback is the same step with the same config");
});

describe('7: searches that find nothing', () => {
  const byWords = wandbot.variant('by-words', (edit) =>
    edit.configure('vector', { index: 'by-words', model: 'local/lsa' }),
  );
  const searches = {
    standalone: QUESTION,
    language: 'en',
    intents: ['product_features'],
    keywords: ['qqz', 'qqy', 'init', 'metrics', 'logs'],
    subQueries: ['qqx', 'qqw', 'sweep', 'hyperparameters', 'artifact'],
    searchQueries: ['qqv', 'qqu', 'versions', 'dataset', 'tries'],
    answerable: true,
  };

  test('some of 16 queries find nothing, and the others answer', async () => {
    await standIn.reply({ schema: 'searches' }, { data: searches });
    const run = await live.client.run(byWords, { question: QUESTION });
    expect(run.outcome).toBe('completed');
    expect(run.output).toMatchObject({ answered: true });
  });

  test('where none finds anything, the bot says that it has no answer, and nobody is paid to invent one', async () => {
    const none = { ...searches, keywords: ['qqz'], subQueries: ['qqy'], searchQueries: ['qqx'] };
    await standIn.reply({ schema: 'searches' }, { data: none });
    const run = await live.client.run(byWords, { question: 'Qqw qqv?' });
    expect(run.outcome).toBe('completed');
    expect(run.output).toMatchObject({ answered: false, citations: [] });
    expect((await standIn.requests()).map(({ route }) => route)).toEqual(['openai/chat']);
  });
});

describe('searches that cannot be made', () => {
  test('one of two: the other answers, and the run says so', async () => {
    await standIn.fault(GONE, { route: 'openai/embeddings', times: 'always' });
    const run = await live.client.run(docsBot, { question: QUESTION });
    expect(run.outcome).toBe('degraded');
    expect(run.output).toMatchObject({ answered: true });
    expect(nodeOf(run, 'vector')).toMatchObject({ outcome: 'or-else', error: { code: 'key_invalid' } });
  });

  test('both: the run fails, rather than that the documents would be said to have no answer', async () => {
    await standIn.fault(GONE, { route: 'openai/embeddings', times: 'always' });
    const blind = docsBot.variant('blind', (edit) => edit.configure('keyword', { index: 'no-such-index' }));
    const run = await live.client.run(blind, { question: QUESTION });
    expect(run).toMatchObject({ outcome: 'failed', output: null, error: { code: 'retrieval_failed' } });
  });
});

describe('the documentation bot', () => {
  test('rewrites and reranks with Cohere, embeds, writes and checks with OpenAI', async () => {
    const run = await live.client.run(docsBot, { question: QUESTION });
    expect(run).toMatchObject({ outcome: 'completed', output: { answered: true, passed: true } });
    const asked = (await standIn.requests()).map(({ route, model }) => `${route} ${model}`);
    expect([...new Set(asked)].sort()).toEqual([
      'cohere/chat command-a-03-2025',
      'cohere/rerank rerank-v3.5',
      'openai/chat gpt-5-mini',
      'openai/embeddings text-embedding-3-small',
    ]);
  });

  test('a draft that does not pass is written anew with what the check found', async () => {
    const problem = 'The page says init, not begin.';
    const verdict = {
      claims: [{ claim: 'begin', supported: false, problem }],
      irrelevantCitations: [],
      answersQuestion: true,
      missing: '',
    };
    await standIn.reply({ schema: 'verdict' }, { data: verdict });
    const run = await live.client.run(docsBot, { question: QUESTION });
    expect(run.output).toMatchObject({ passed: true });
    expect(run.nodes.map(({ key }) => key)).toContain('draft[2]');
    const drafts = (await standIn.requests({ route: 'openai/chat' })).filter(({ streamed }) => streamed);
    expect(drafts.map((draft) => messagesOf(draft).at(-1)!.content.includes(problem))).toEqual([false, true]);
  });

  test('what no documentation could answer is declined before anything is searched or written', async () => {
    const searches = {
      standalone: 'Hi!',
      language: 'en',
      intents: ['off_topic'],
      keywords: [],
      subQueries: [],
      searchQueries: [],
      answerable: false,
    };
    await standIn.reply({ schema: 'searches' }, { data: searches });
    const run = await live.client.run(docsBot, { question: 'Hi!' });
    expect(run).toMatchObject({ outcome: 'completed', output: { answered: false } });
    expect((await standIn.requests()).map(({ route }) => route)).toEqual(['cohere/chat']);
  });
});
