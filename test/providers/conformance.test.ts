/** What every adapter does alike, over its official SDK and HTTP to the stand-in. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config/config.ts';
import { createProviders } from '../../src/models/create-providers.ts';
import type { ChatRequest, Providers } from '../../src/models/providers.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { callOf, failureOf, GOOD_KEY, providersAt, SUBJECTS, servedSubjects } from './subjects.ts';

let standIn: LocalStandIn;
let providers: Providers;

beforeAll(async () => {
  standIn = await startStandIn({ keys: [GOOD_KEY] });
  providers = providersAt(standIn);
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

const documents = [
  { n: 1, text: 'A sweep searches for the best settings. It runs an agent.', title: 'Sweeps' },
  { n: 2, text: 'A run records metrics with the log function. Each run has an id.', title: 'Runs' },
];
const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [
    { role: 'system', content: 'Answer from the documents.' },
    { role: 'user', content },
  ],
  maxOutputTokens: 400,
  ...more,
});
const Facts = z.object({ language: z.string(), keywords: z.array(z.string()).max(3), certain: z.boolean() });
const UNICODE = 'Réponse: 日本語 🙂👩‍👩‍👧 “quotes” \u2028 ﷺ — zażółć';

describe.each(SUBJECTS)('$name', (subject) => {
  const model = () => providers.languageModel(subject.languageModel);
  const script = async (text: string) => {
    if (subject.chat) await standIn.reply({ route: subject.chat }, { text });
  };

  it('answers, says what it used, and is known by its name', async () => {
    await script('A run records metrics [2].');
    const request = ask('What does a run record?', { documents });
    const { text, usage } = await model().writeText(request, callOf());
    expect(text).toMatch(/records metrics/);
    expect(text).toMatch(/\[2\]/);
    expect(usage.inputTokens).toBeGreaterThan(10);
    expect(usage.outputTokens).toBeGreaterThan(3);
    expect(model().name).toBe(subject.languageModel);
  });

  it('streams pieces that together are the text, with the same usage', async () => {
    const pieces: string[] = [];
    const request = ask('What does a run record?', { documents });
    await script('A run records metrics [2]. It has an id.');
    const streamed = await model().writeText({ ...request, onText: (piece) => pieces.push(piece) }, callOf());
    await script('A run records metrics [2]. It has an id.');
    const whole = await model().writeText(request, callOf());
    expect(pieces.join('')).toBe(streamed.text);
    expect(pieces.length).toBeGreaterThan(subject.chat ? 1 : 0);
    expect(streamed.text).toBe(whole.text);
    expect(streamed.usage).toEqual(whole.usage);
  });

  it('counts tokens, and says whether it knows or guesses', () => {
    const { tokens, exact } = model().countTokens('A run records metrics. 12345');
    expect(tokens).toBeGreaterThan(5);
    expect(exact).toBe(subject.name !== 'cohere');
    expect(model().countTokens('')).toMatchObject({ tokens: 0 });
  });

  it('does not begin what is given up already', async () => {
    const reason = new Error('given up');
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(model().writeText(ask('What is a run?'), callOf({ signal })))).toBe(reason);
    expect(await standIn.requests()).toEqual([]);
  });

  it('writes data of a shape, or says that it cannot', async () => {
    const data = { language: 'en', keywords: ['run'], certain: true };
    if (subject.chat) await standIn.reply({ route: subject.chat }, { data });
    const written = model().writeData(ask('Which language?'), { name: 'facts', schema: Facts }, callOf());
    if (!subject.writesData) {
      expect(await failureOf(written)).toMatchObject({ code: 'structured_output_unsupported', retryable: false });
      return;
    }
    expect((await written).data).toEqual(data);
    expect((await written).usage.outputTokens).toBeGreaterThan(0);
  });

  it.runIf(subject.reranker)('ranks, best first, each at most once', async () => {
    const texts = ['Bananas are yellow.', 'A run records metrics.', 'A sweep searches.'];
    const { results, usage } = await providers
      .reranker(subject.reranker!)
      .rerank({ query: 'what does a run record?', documents: texts.map((text) => ({ text })), topN: 2 }, callOf());
    expect(results).toHaveLength(2);
    expect(results[0]!.index).toBe(1);
    expect(results[0]!.score).toBeGreaterThanOrEqual(results[1]!.score);
    expect(usage.searchUnits).toBe(subject.rerank ? 1 : undefined);
  });

  it.runIf(subject.reranker)('ranks nothing without asking', async () => {
    const ranked = await providers.reranker(subject.reranker!).rerank({ query: 'q', documents: [], topN: 3 }, callOf());
    expect(ranked.results).toEqual([]);
    expect(await standIn.requests()).toEqual([]);
  });

  it.runIf(subject.embedder)('embeds texts in their order, with vectors of one length', async () => {
    const embedder = providers.embedder(subject.embedder!);
    const texts = ['A run records metrics.', 'Bananas are yellow.', UNICODE];
    const { vectors, usage } = await embedder.embed({ texts, as: 'passage' }, callOf());
    expect(vectors.map(({ length }) => length)).toEqual([1536, 1536, 1536]);
    expect(embedder.dimensions).toBe(1536);
    expect(usage.inputTokens).toBeGreaterThan(5);
    const reversed = await embedder.embed({ texts: texts.toReversed(), as: 'passage' }, callOf());
    expect(reversed.vectors.toReversed()).toEqual(vectors);
  });

  it.runIf(subject.embedder)('shortens vectors where the name says so', async () => {
    const embedder = providers.embedder(`${subject.embedder}:512`);
    const { vectors } = await embedder.embed({ texts: ['A run.'], as: 'query' }, callOf());
    expect(vectors[0]).toHaveLength(512);
    expect([embedder.dimensions, embedder.name]).toEqual([512, subject.embedder]);
  });
});

describe.each(servedSubjects)('$name, served', (subject) => {
  const model = () => providers.languageModel(subject.languageModel);

  it('sends the conversation in its roles, and documents before the last question', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is a sweep?' },
      { role: 'assistant', content: 'A search.' },
      { role: 'user', content: 'And a run?' },
    ] as const;
    await model().writeText({ messages, documents, maxOutputTokens: 100, temperature: 0.2 }, callOf());
    const [seen] = await standIn.requests();
    const body = seen!.body as unknown as { messages: { role: string; content: string }[]; temperature: number };
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(body.messages.slice(0, 3).map(({ content }) => content)).toEqual(messages.slice(0, 3).map((m) => m.content));
    expect(body.messages[3]!.content).toMatch(/^<documents>[\s\S]*<\/documents>\n\nAnd a run\?$/);
    expect(body.temperature).toBe(0.2);
  });

  it('passes every character on, both ways', async () => {
    await standIn.reply({}, { text: UNICODE }, { times: 2 });
    expect((await model().writeText(ask(UNICODE), callOf())).text).toBe(UNICODE);
    expect((await model().writeText({ ...ask(UNICODE), onText: () => undefined }, callOf())).text).toBe(UNICODE);
    const [seen] = await standIn.requests();
    expect(JSON.stringify(seen!.body)).toContain(JSON.stringify(UNICODE).slice(1, -1));
    // Half of a surrogate pair is no text: it would be refused.
    expect((await model().writeText(ask(`cut ${'🙂'.slice(0, 1)}`), callOf())).text).not.toBe('');
  });

  it('reports the usage and the request that the provider has', async () => {
    const reply = await model().writeText(ask('What is a run?'), callOf());
    const [seen] = await standIn.requests();
    expect(reply.usage).toMatchObject({
      inputTokens: seen!.billed!.inputTokens,
      outputTokens: seen!.billed!.outputTokens,
    });
    expect(reply.requestId).toEqual(expect.any(String));
  });

  it('asks once: the SDKs would try again by themselves', async () => {
    await standIn.fault({ kind: 'status', status: 500 }, { times: 'always' });
    await failureOf(model().writeText(ask('x'), callOf()));
    expect(await standIn.requests()).toHaveLength(1);
  });

  it('closes the socket when the call is given up, before and within the reply', async () => {
    for (const [fault, streamed] of [
      [{ kind: 'hang' }, false],
      [{ kind: 'hang' }, true],
      [{ kind: 'stall', afterTokens: 2 }, true],
    ] as const) {
      await standIn.reset();
      await standIn.fault(fault);
      await standIn.reply({}, { text: 'A run records metrics and has an id.' });
      const controller = new AbortController();
      const request = ask('x', streamed ? { onText: () => undefined } : {});
      const failed = failureOf(model().writeText(request, callOf({ signal: controller.signal })));
      await standIn.until(
        (seen) => seen[0]?.fault === fault.kind && (fault.kind === 'hang' || seen[0].sentAtMs.length > 1),
      );
      const reason = new Error('no longer wanted');
      controller.abort(reason);
      expect(await failed, fault.kind).toBe(reason);
      const [seen] = await standIn.until(([request]) => request?.closedByClientAtMs !== null);
      expect(seen!.closedByClientAtMs).toEqual(expect.any(Number));
    }
  });

  it('hands on each piece when it comes, not when all have come', async () => {
    await standIn.reply({}, { deltas: ['A run', ' records', ' metrics.'] });
    await standIn.fault({ kind: 'stall', afterTokens: 2 });
    const controller = new AbortController();
    const { promise: second, resolve } = Promise.withResolvers<string>();
    let text = '';
    const onText = (piece: string) => {
      text += piece;
      if (text === 'A run records') resolve(text);
    };
    const failed = failureOf(model().writeText(ask('x', { onText }), callOf({ signal: controller.signal })));
    expect(await second).toBe('A run records');
    controller.abort(new Error('enough'));
    expect(await failed).toMatchObject({ message: 'enough' });
  });

  it.runIf(subject.embedder)('tells passages from queries where the model does', async () => {
    const embedder = providers.embedder(subject.embedder!);
    await embedder.embed({ texts: ['x'], as: 'passage' }, callOf());
    await embedder.embed({ texts: ['x'], as: 'query' }, callOf());
    const types = (await standIn.requests()).map(({ body }) => (body as { input_type?: string }).input_type);
    expect(types).toEqual(subject.name === 'cohere' ? ['search_document', 'search_query'] : [undefined, undefined]);
  });
});

describe('openai', () => {
  it('sends a key by which the same request of a node run is known again', async () => {
    const model = providers.languageModel('openai/gpt-4.1-mini');
    const keyed = async (content: string, attempt: number, runId = 'run-1') => {
      await model.writeText(ask(content), callOf({ attempt, idempotencyKey: `${runId}:é[1]` }));
      return (await standIn.requests()).at(-1)!.idempotencyKey;
    };
    const first = await keyed('a', 1);
    expect(first).toMatch(/^run-1%3A%C3%A9%5B1%5D:[0-9a-f]{16}$/);
    expect(await keyed('a', 2)).toBe(first);
    expect(await keyed('b', 1)).not.toBe(first);
    expect(await keyed('a', 1, 'run-2')).not.toBe(first);
  });

  it('asks for data by a strict schema', async () => {
    await standIn.reply({}, { data: { language: 'en', keywords: [], certain: false } });
    const shape = { name: 'facts', schema: Facts };
    await providers.languageModel('openai/gpt-4.1-mini').writeData(ask('x'), shape, callOf());
    expect((await standIn.requests())[0]!.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'facts', strict: true } },
    });
  });
});

describe('a model', () => {
  const none = { openaiUrl: 'http://127.0.0.1:9/v1', cohereUrl: 'http://127.0.0.1:9' };

  it.each([
    ['languageModel', 'mistral/large', 'model_unknown'],
    ['languageModel', 'gpt-5', 'model_unknown'],
    ['languageModel', 'local/gpt', 'model_unknown'],
    ['reranker', 'openai/rerank', 'model_unknown'],
    ['reranker', 'local/other', 'model_unknown'],
    ['embedder', 'local/lsa', 'model_unknown'],
    ['embedder', 'openai/my-embedder', 'model_unknown'],
  ] as const)('%s %s is refused by name', (kind, name, code) => {
    expect(() => providersAt(none)[kind](name)).toThrow(expect.objectContaining({ code, retryable: false }));
  });

  it('of another server may say how long its vectors are', () => {
    expect(providersAt(none).embedder('openai/my-embedder:768').dimensions).toBe(768);
  });

  it.each([
    ['languageModel', 'openai/gpt-5-mini', 'OPENAI_API_KEY'],
    ['embedder', 'openai/text-embedding-3-small', 'OPENAI_API_KEY'],
    ['reranker', 'cohere/rerank-v3.5', 'CO_API_KEY'],
  ] as const)('%s %s without a key or a server of one’s own names the variable to set', (kind, name, variable) => {
    const keyless = createProviders(readConfig({}).providers);
    expect(() => keyless[kind](name)).toThrow(
      expect.objectContaining({ code: 'key_missing', message: expect.stringContaining(variable), retryable: false }),
    );
    expect(keyless.languageModel('local/extractive').name).toBe('local/extractive');
  });
});
