import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  defineHumanScorer,
  definePairScorer,
  definePipeline,
  defineScorer,
  defineStep,
  type Ref,
  type Scores,
} from '../../src/index.ts';
import { isJudge } from '../../src/model/evaluation-spec.ts';
import { RESERVED_IDS } from '../../src/plan/plan-limits.ts';
import {
  cites,
  countWords,
  found,
  grounded,
  helpful,
  judgePair,
  pagesOnly,
  preferred,
  questions,
} from './evaluated.ts';
import { Feedback, judge, Passages, Question, rerank, supportBot, understand, wide } from './example.ts';

const on = { pipeline: supportBot };
const policy = { attempts: 1, timeout: '1 second' } as const;
const text = z.object({ text: z.string() });

/** A step that gives these fields, and the scores that a scorer of it has. */
const giving = (fields: z.ZodRawShape) =>
  defineStep('gives', { version: 1, input: text, output: z.object(fields), effect: 'read', policy });

const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

describe('a scorer is a step over a finished run, as data', () => {
  test('with its call, its policy, its wiring and its scores', () => {
    expect(grounded).toMatchObject({ id: 'grounded', kind: 'step', pipelineId: 'support-bot', step: judge });
    expect(grounded.dataset).toBeUndefined();
    expect(grounded.spec).toEqual({
      id: 'grounded',
      kind: 'step',
      judge: true,
      call: { step: 'judge@1', config: { threshold: 0.5 } },
      policy: {
        attempts: 3,
        timeoutMs: 30_000,
        backoff: { firstMs: 1_000, factor: 2, maxMs: 30_000 },
        heartbeatMs: 5_000,
        beats: 'timer',
        lane: 'activity',
      },
      input: {
        $object: { answer: { $from: ['output', 'text'] }, passages: { $from: ['ranked', 'passages'] } },
      },
      fields: {
        passed: { better: 'higher', format: 'share', worst: 0, best: 1 },
        score: { better: 'higher', format: 'number', worst: 0, best: 1 },
      },
      definitionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(isFrozen(grounded.spec) && [cites, helpful, preferred].every(Object.isFrozen)).toBe(true);
  });

  test('config is filled in as a node’s is, and what .with set is under it', () => {
    const config = (step: typeof judge, given?: { threshold?: number }) =>
      defineScorer('s', on, step, () => ({ answer: '', passages: [] }), {
        judge: true,
        scores: { score: 'detail' },
        ...(given && { config: given }),
      }).spec.call?.config;
    expect(config(judge)).toEqual({ threshold: 0.7 });
    expect(config(judge.with({ threshold: 0.2 }))).toEqual({ threshold: 0.2 });
    expect(config(judge.with({ threshold: 0.2 }), { threshold: 0.9 })).toEqual({ threshold: 0.9 });
  });

  test('it reads the example where there is a dataset', () => {
    expect(cites.dataset).toBe('support-questions');
    expect(cites.spec.input).toEqual({
      $object: {
        citations: { $from: ['output', 'citations'] },
        wanted: { $from: ['expected', 'citations'] },
        note: { $from: ['expected', 'note'] },
      },
    });
    expect(found.spec.input).toMatchObject({ $object: { grades: { $from: ['relevant'] } } });
  });

  test('and what the run says of itself', () => {
    const spent = defineStep('spent', {
      version: 1,
      input: z.object({ usd: z.number(), failed: z.boolean() }),
      output: z.object({ fine: z.boolean() }),
      effect: 'read',
      policy,
    });
    const { spec } = defineScorer('thrifty', on, spent, ({ run }) => ({ usd: run.costUsd, failed: run.failed }), {
      judge: false,
    });
    expect(spec.input).toEqual({
      $object: { usd: { $from: ['run', 'costUsd'] }, failed: { $from: ['run', 'failed'] } },
    });
  });

  test('a variant is a pipeline like any other: its runs show the same nodes', () => {
    const of = (pipeline: typeof supportBot) =>
      defineScorer('s', { pipeline }, countWords, ({ output }) => ({ text: output.text }), {
        scores: { words: { worst: 0, best: null }, sentences: 'detail' },
      });
    expect(of(wide).pipelineId).toBe('support-bot');
    expect(of(wide).spec).toEqual(of(supportBot).spec);
  });
});

describe('semantics 45: a scorer sees what the pipeline shows', () => {
  const looped = definePipeline('looped', Question)
    .repeat('answer', { max: 2, carry: Feedback, start: { feedback: '' }, whenExhausted: 'fail' }, (round) =>
      round
        .step('draft', understand, ({ input }) => ({ question: input.question }))
        .until(
          ({ draft }) => draft.answerable,
          ({ carry }) => ({ feedback: carry.feedback }),
        ),
    )
    .output(text, ({ answer }) => ({ text: answer.draft.standalone }));

  test('a loop by its last round, and how many there were', () => {
    const count = defineStep('count', {
      version: 1,
      input: z.object({ text: z.string(), rounds: z.number() }),
      output: z.object({ good: z.boolean() }),
      effect: 'read',
      policy,
    });
    const { spec } = defineScorer(
      's',
      { pipeline: looped },
      count,
      ({ answer }) => ({
        text: answer.draft.standalone,
        rounds: answer.rounds,
      }),
      { judge: false },
    );
    expect(spec.input).toEqual({
      $object: { text: { $from: ['answer', 'draft', 'standalone'] }, rounds: { $from: ['answer', 'rounds'] } },
    });
  });

  test('a used pipeline by what it wires to its output, and nothing inside of branches and maps', () => {
    expect(found.spec.input).toMatchObject({ $object: { passages: { $from: ['related/picked', 'passages'] } } });
    let seen: readonly string[] = [];
    defineScorer(
      's',
      { pipeline: supportBot, dataset: questions },
      countWords,
      (scope) => {
        seen = Object.keys(scope);
        return { text: scope.output.text };
      },
      { scores: { words: 'detail', sentences: { worst: 0, best: null } } },
    );
    const nodes = ['understood', 'vector', 'keyword', 'fused', 'ranked', 'reply'];
    expect([...seen].sort()).toEqual([...nodes, 'expected', 'input', 'output', 'relevant', 'run'].sort());
  });

  const named = (id: 'relevant' | 'first' | 'second') =>
    definePipeline('p', Question)
      .step(id, understand, ({ input }) => ({ question: input.question }))
      .output(Passages, () => ({ passages: [] }));
  const wire = () => ({ text: '' });

  test.each(['relevant', 'first', 'second'] as const)("a node called '%s' would be hidden, so it is refused", (id) => {
    expect(RESERVED_IDS).not.toContain(id);
    const on = { pipeline: named(id) };
    const refused = expect.objectContaining({ code: 'scorer_word', data: { node: id } });
    expect(() => definePairScorer('s', on, judgePair, wire as never, { judge: true })).toThrow(refused);
    if (id !== 'relevant') return;
    const rubric = { question: 'Good?', fields: z.object({ good: z.boolean() }) };
    expect(() => defineScorer('s', on, countWords, wire)).toThrow(refused);
    expect(() => defineHumanScorer('s', on, rubric, wire)).toThrow(refused);
  });

  test("but 'first' is a node like any other where there is no second run", () => {
    const scorer = defineScorer(
      's',
      { pipeline: named('first') },
      countWords,
      ({ first }) => ({ text: first.standalone }),
      {
        scores: { words: { worst: 0, best: null }, sentences: 'detail' },
      },
    );
    expect(scorer.spec.input).toEqual({ $object: { text: { $from: ['first', 'standalone'] } } });
  });
});

describe("a scorer's hash is of its definition", () => {
  const hash = (make: () => { spec: { definitionHash: string } }) => make().spec.definitionHash;
  const pages = (query: string, topN: number, id = 's') =>
    defineScorer(id, { pipeline: pagesOnly }, counting, ({ related }) => ({ query, passages: related.passages }), {
      judge: false,
      config: { topN },
    });
  const counting = defineStep('counting', {
    version: 1,
    input: rerank.input,
    output: z.object({ good: z.boolean() }),
    config: z.object({ topN: z.int().default(5) }),
    effect: 'read',
    policy,
  });

  test('equal for equal definitions, whatever they are called', () => {
    expect(hash(() => pages('a', 5, 'one'))).toBe(hash(() => pages('a', 5, 'other')));
  });

  test('another with another config, wiring, scores or question', () => {
    const asked = (question: string, fields: z.ZodObject = z.object({ good: z.boolean() })) =>
      defineHumanScorer('s', on, { question, fields }, ({ output }) => ({ answer: output.text })) as never;
    const graded = (better: 'higher' | 'lower') =>
      defineScorer('s', on, giving({ good: z.boolean() }), () => ({ text: '' }), {
        judge: false,
        scores: { good: { better } },
      } as never);
    const hashes = [
      () => pages('a', 5),
      () => pages('b', 5),
      () => pages('a', 6),
      () => graded('higher'),
      () => graded('lower'),
      () => asked('Good?'),
      () => asked('Really?'),
      () => asked('Good?', z.object({ good: z.boolean(), tone: z.enum(['warm', 'cold']) })),
    ].map(hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

test('a scorer’s step changes nothing outside', () => {
  const grade = { version: 1, input: text, output: z.object({ good: z.boolean() }), policy } as const;
  const writes = defineStep('publish', { ...grade, effect: 'write', dryRun: { good: true } });
  // @ts-expect-error it writes
  expect(() => defineScorer('published', on, writes, ({ output }) => ({ text: output.text }))).toThrow(
    "scorer 'published': its step 'publish@1' declares effect: 'write'",
  );
  const picks = { winner: z.enum(['first', 'second', 'tie']) };
  const pair = defineStep('vote', { ...grade, output: z.object(picks), effect: 'write' });
  // @ts-expect-error it writes
  expect(() => definePairScorer('voted', on, pair, ({ first }) => ({ text: first.output.text }))).toThrow(
    "scorer 'voted': its step 'vote@1' declares effect: 'write'",
  );
});

test('the types say what each scorer needs and gives', () => {
  expectTypeOf(grounded.id).toEqualTypeOf<'grounded'>();
  expectTypeOf(grounded.pipelineId).toEqualTypeOf<'support-bot'>();
  type Given = Scores<{ good: boolean; n: number; why: string; maybe?: number; nil: number | null }>;
  expectTypeOf<keyof Given>().toEqualTypeOf<'good' | 'n'>();
  definePairScorer(
    's',
    { pipeline: supportBot, dataset: questions },
    judgePair,
    ({ input, first, second, expected }) => {
      expectTypeOf(first.ranked.passages).toEqualTypeOf<Ref<{ id: string; text: string; score: number }[]>>();
      expectTypeOf(expected.note).toEqualTypeOf<Ref<string | undefined>>();
      return { question: input.question, first: first.output.text, second: second.output.text };
    },
    { judge: true },
  );
});

describe('a scorer says whether it is a judge', () => {
  const rated = defineStep('rated', {
    version: 1,
    input: z.object({ text: z.string() }),
    output: z.object({ good: z.boolean() }),
    config: z.object({ grader: z.string().default('openai/gpt-4.1-mini') }),
    effect: 'read',
    policy,
  });
  const wire = ({ output }: { readonly output: { readonly text: Ref<string> } }) => ({ text: output.text });
  const scorer = (judge: boolean) => defineScorer('rated', { pipeline: supportBot }, rated, wire, { judge });

  test('a step with an effect is refused without it, by type and at definition', () => {
    // @ts-expect-error the options with `judge` are missing
    expect(() => defineScorer('rated', { pipeline: supportBot }, rated, wire)).toThrow(
      expect.objectContaining({ code: 'judge_unstated', remedy: expect.stringContaining('judge: true') }),
    );
    // @ts-expect-error as a word
    expect(() => defineScorer('rated', { pipeline: supportBot }, rated, wire, { judge: 'yes' })).toThrow(
      expect.objectContaining({ code: 'judge_invalid' }),
    );
  });

  test('what it says counts, whatever its config is called', () => {
    expect(isJudge(scorer(true).spec)).toBe(true);
    expect(isJudge(scorer(false).spec)).toBe(false);
  });

  test('a step without effects may be a judge too, and is none unless it says so', () => {
    const lengths = { scores: { words: { worst: 0, best: null }, sentences: 'detail' } } as const;
    const scorerOf = (options: object) =>
      defineScorer('s', { pipeline: supportBot }, countWords, wire, { ...lengths, ...options });
    expect(isJudge(scorerOf({}).spec)).toBe(false);
    expect(isJudge(scorerOf({ judge: true }).spec)).toBe(true);
  });

  test('its version does not depend on it', () => {
    expect(scorer(true).spec.definitionHash).toBe(scorer(false).spec.definitionHash);
  });

  test('a spec that was stored before scorers said so is a judge where its config names a served model', () => {
    const { judge: _, ...stored } = scorer(false).spec;
    const asking = (model: string) => ({ ...stored, call: { ...stored.call!, config: { model } } });
    expect(isJudge(stored)).toBe(false);
    expect(isJudge(asking('openai/gpt-4.1-mini'))).toBe(true);
    expect(isJudge(asking('local/lexical'))).toBe(false);
  });
});
