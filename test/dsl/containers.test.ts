import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definePipeline, defineStep } from '../../src/index.ts';
import { findNode, nodesOf, sourcesOf } from '../../src/plan/nodes.ts';
import {
  Answer,
  Feedback,
  judge,
  keepOrder,
  keywordSearch,
  Passage,
  Passages,
  Question,
  rerank,
  supportBot,
  understand,
} from './example.ts';

const base = definePipeline('p', Question).step('first', understand, ({ input }) => ({ question: input.question }));
const limits = { max: 3, concurrency: 2, whenOver: 'fail' } as const;
const loop = { max: 3, carry: Feedback, start: { feedback: '' }, whenExhausted: 'fail' } as const;

/** The chain for callers without types: containers take what they are given. */
type Loose = {
  [method in 'step' | 'repeat' | 'branch' | 'map' | 'until' | 'yield' | 'output']: (...given: unknown[]) => Loose;
};
const loose = base as unknown as Loose;
type Scope = { first: { answerable: unknown; queries: unknown; standalone: unknown } };

describe('semantics 11: a node in a branch is invisible outside', () => {
  test('only the yielded value of the schema leaves, and both arms give it whole', () => {
    const { plan } = base
      .branch(
        'fork',
        Passages,
        ({ first }) => first.answerable,
        (arm) =>
          arm.step('hits', keywordSearch, ({ first }) => ({ query: first.standalone })).yield(({ hits }) => hits),
        (arm) => arm.yield(() => ({ passages: [] })),
      )
      .output(Passages, ({ fork }) => ({ passages: fork.passages }));
    expect(findNode(plan, 'fork')).toMatchObject({
      when: { $from: ['first', 'answerable'] },
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      then: { yields: { $from: ['hits'] } },
      otherwise: { nodes: [], yields: { $value: { passages: [] } } },
    });
    expect(plan.output).toEqual({ $object: { passages: { $from: ['fork', 'passages'] } } });
  });

  test('a node of an arm cannot be read after it, nor in the other arm', () => {
    const fork = base.branch(
      'fork',
      Feedback,
      ({ first }) => first.answerable,
      (arm) =>
        arm.step('hits', keywordSearch, ({ first }) => ({ query: first.standalone })).yield(() => ({ feedback: '' })),
      // @ts-expect-error 'hits' may not have run
      (arm) => arm.yield(({ hits }) => ({ feedback: hits ? 'seen' : 'unseen' })),
    );
    // @ts-expect-error 'hits' may not have run
    expect(() => fork.step('x', keepOrder, ({ hits }) => ({ passages: hits.passages }))).toThrow(
      expect.objectContaining({ remedy: 'in scope are input, first, fork' }),
    );
    expect(findNode(fork.output(Feedback, ({ fork }) => fork).plan, 'fork')).toMatchObject({
      otherwise: { yields: { $value: { feedback: 'unseen' } } },
    });
  });

  test('a value that may be absent is no yield', () => {
    expect(() =>
      base.branch(
        'fork',
        z.string().optional(),
        ({ first }) => first.answerable,
        (arm) => arm.yield(() => 'yes'),
        (arm) => arm.yield(() => 'no'),
      ),
    ).toThrow("branch 'fork': its schema is optional, but a yield has a value");
  });

  test('a condition is a ref to a boolean', () => {
    for (const when of [({ first }: Scope) => first.queries, () => true, () => undefined])
      expect(() => loose.branch('fork', Feedback, when)).toThrow("branch 'fork': when is no ref to a boolean");
  });
});

test('semantics 12: a map is the list of its yields, and its nodes are invisible outside', () => {
  const mapped = base.map(
    'each',
    Passage.shape.score,
    ({ first }) => first.queries,
    limits,
    (each) =>
      each
        .step('hits', keywordSearch, ({ item }) => ({ query: item }))
        .step('order', keepOrder, ({ hits }) => hits)
        .yield(() => 1),
  );
  // @ts-expect-error a node in a map
  expect(() => mapped.step('x', keepOrder, ({ hits }) => ({ passages: hits.passages }))).toThrow('cannot be wired');
  const { plan } = mapped.output(z.object({ scores: z.array(z.number()) }), ({ each }) => ({ scores: each }));
  expect(plan.output).toEqual({ $object: { scores: { $from: ['each'] } } });
});

describe('semantics 13: a repeat is an object of its last complete round, and rounds', () => {
  const Seen = z.object({ passed: z.boolean(), rounds: z.number(), passages: z.array(Passage) });
  const { plan } = base
    .repeat('answer', loop, (round) =>
      round
        .step('hits', keywordSearch, ({ first }) => ({ query: first.standalone }))
        .step('check', judge, ({ first, hits }) => ({ answer: first.standalone, passages: hits.passages }))
        .until(
          ({ check }) => check.passed,
          ({ check }) => ({ feedback: check.feedback }),
        ),
    )
    .output(Seen, ({ answer }) => ({
      passed: answer.check.passed,
      rounds: answer.rounds,
      passages: answer.hits.passages,
    }));

  test('each node of the body is visible under its name', () => {
    expect(plan.output).toEqual({
      $object: {
        passed: { $from: ['answer', 'check', 'passed'] },
        rounds: { $from: ['answer', 'rounds'] },
        passages: { $from: ['answer', 'hits', 'passages'] },
      },
    });
    expect(findNode(plan, 'answer')).toMatchObject({
      yields: { hits: { $from: ['hits'] }, check: { $from: ['check'] } },
    });
  });

  test('and a used pipeline in the body under its id, though it is no node', () => {
    const inner = definePipeline('inner', z.object({ query: z.string() }))
      .step('found', keywordSearch, ({ input }) => input)
      .output(Passages, ({ found }) => found);
    const looped = base
      .repeat('answer', loop, (round) =>
        round
          .use('related', inner, ({ first }) => ({ query: first.standalone }))
          .until(
            ({ first }) => first.answerable,
            () => ({ feedback: '' }),
          ),
      )
      .output(Passages, ({ answer }) => answer.related);
    expect(findNode(looped.plan, 'answer')).toMatchObject({ yields: { related: { $from: ['related/found'] } } });
    expect(looped.plan.output).toEqual({ $from: ['answer', 'related'] });
  });
});

test("semantics 14: a repeat has 'rounds' and no 'attempts'", () => {
  const looped = base.repeat('answer', loop, (round) =>
    round.until(
      ({ first }) => first.answerable,
      () => ({ feedback: '' }),
    ),
  );
  expect(() =>
    // @ts-expect-error there is no 'attempts'
    looped.output(z.object({ n: z.number() }), ({ answer }) => ({ n: answer.attempts })),
  ).toThrow("'output', 'n' is undefined");
});

describe('semantics 15: the first carry is a literal that its schema accepts', () => {
  test('it goes into the plan', () => {
    expect(findNode(supportBot.plan, 'answer')).toMatchObject({ start: { feedback: '' } });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'start is undefined'],
    ['a key too few', {}, "start is not wired to supply 'feedback'"],
    ['a key too many', { feedback: '', more: 1 }, "start has no input 'more'"],
    ['another kind', { feedback: 3 }, 'start: ✖ Invalid input: expected string, received number'],
  ])('%s is refused', (_what, start, message) => {
    expect(() => loose.repeat('answer', { ...loop, start }, (round: Loose) => round)).toThrow(
      `repeat 'answer': ${message}`,
    );
  });

  test('nor can it be a ref', () => {
    base.step('leak', keywordSearch, ({ first }) => {
      expect(() => loose.repeat('answer', { ...loop, start: { feedback: first.standalone } })).toThrow(
        "repeat 'answer': start holds a ref",
      );
      return { query: 'x' };
    });
  });
});

test('semantics 16: containers are no barriers: nodes inside read what is outside by their own refs', () => {
  const inside = new Set(['draft', 'check', 'refusal', 'related/hits', 'lookup']);
  for (const node of nodesOf(supportBot.plan)) {
    if (node.kind !== 'step' || !inside.has(node.id)) continue;
    const heads = [...sourcesOf(node.input)].map(([head]) => head);
    expect(heads.some((head) => ['reply', 'answer', 'vector', 'related'].includes(head))).toBe(false);
  }
});

test('semantics 17: an unread node stays in the plan', () => {
  const { plan } = base
    .step('unread', keywordSearch, ({ first }) => ({ query: first.standalone }))
    .output(z.object({ text: z.string() }), ({ first }) => ({ text: first.standalone }));
  expect(plan.nodes.map((node) => node.id)).toEqual(['first', 'unread']);
});

test('semantics 18: a branch waits for its condition alone', () => {
  const fork = findNode(supportBot.plan, 'reply');
  expect(fork?.kind === 'branch' && [...sourcesOf(fork.when)]).toEqual([['understood', 'answerable']]);
});

test('semantics 19: an output of literals alone needs no node', () => {
  const { plan } = base.output(Feedback, () => ({ feedback: 'thanks' }));
  expect(plan.output).toEqual({ $value: { feedback: 'thanks' } });
});

describe('semantics 20: a map has limits, each with a number', () => {
  const over = ({ first }: Scope) => first.queries;
  const body = (each: Loose) => each.yield(() => 'x');

  test.each([
    [{ max: 0 }, 'max is 0'],
    [{ max: 1_001 }, 'max is 1001'],
    [{ max: 1.5 }, 'max is 1.5'],
    [{ concurrency: 0 }, 'concurrency is 0'],
    [{ concurrency: 101 }, 'concurrency is 101'],
    [{ whenOver: 'stop' }, "whenOver is 'stop'"],
    [{ maximum: 3 }, "has no 'maximum'"],
  ])('%j is refused', (change, message) => {
    expect(() => loose.map('each', z.string(), over, { ...limits, ...change }, body)).toThrow(message);
  });

  test.each([{ max: 1 }, { max: 1_000 }, { concurrency: 1 }, { concurrency: 100 }, { whenOver: 'truncate' }])(
    '%j is accepted',
    (change) => {
      expect(() => loose.map('each', z.string(), over, { ...limits, ...change }, body)).not.toThrow();
    },
  );

  test('what it maps over is a ref to a list', () => {
    for (const wrong of [({ first }: Scope) => first.standalone, () => ['a'], () => undefined])
      expect(() => loose.map('each', z.string(), wrong, limits, body)).toThrow(
        "map 'each' is over something that is no list",
      );
  });
});

describe('semantics 21: a loop has a limit, and says what happens there', () => {
  const body = (round: Loose) =>
    round.until(
      ({ first }: Scope) => first.answerable,
      () => ({ feedback: '' }),
    );

  test.each([
    [{ max: 0 }, 'max is 0'],
    [{ max: 21 }, 'max is 21'],
    [{ whenExhausted: 'stop' }, "whenExhausted is 'stop'"],
    [{ times: 3 }, "has no 'times'"],
    [{ carry: z.string() }, 'carry is no z.object({ ... })'],
  ])('%j is refused', (change, message) => {
    expect(() => loose.repeat('answer', { ...loop, ...change }, body)).toThrow(message);
  });

  test.each([{ max: 1 }, { max: 20 }, { whenExhausted: 'keep-last' }])('%j is accepted', (change) => {
    expect(() => loose.repeat('answer', { ...loop, ...change }, body)).not.toThrow();
  });
});

describe('bodies end as they should', () => {
  const until = "repeat 'answer': a repeat's body ends with .until(done, carry)";

  test('with the call of their kind, on the chain they were given', () => {
    const done = ({ first }: Scope) => first.answerable;
    expect(() => loose.repeat('answer', loop, (round: Loose) => round)).toThrow(until);
    expect(() => loose.repeat('answer', loop, () => undefined)).toThrow(until);
    expect(() => loose.repeat('answer', loop, (round: Loose) => round.yield(() => ({})))).toThrow(
      '.yield(wire) ends an arm',
    );
    expect(() => loose.repeat('answer', loop, 'body')).toThrow("repeat 'answer' has 'body' as its body");
    let other: unknown;
    loose.repeat('other', loop, (round: Loose) => {
      other = round.until(done, () => ({ feedback: '' }));
      return other;
    });
    expect(() => loose.repeat('answer', loop, () => other)).toThrow(until);
    expect(() => loose.until(done, () => ({}))).toThrow('.until(done, carry) ends the body of a repeat');
    expect(() => loose.yield(() => ({}))).toThrow(".yield(wire) ends an arm or a map's body");
    expect(() => loose.repeat('answer', loop, (round: Loose) => round.output(Feedback, () => ({})))).toThrow(until);
  });

  test('containers are nested at most 6 deep, those of used pipelines included', () => {
    const nest = (chain: Loose, depth: number): Loose =>
      depth === 0
        ? chain
        : chain.map(
            `m${depth}`,
            z.array(z.string()),
            ({ first }: Scope) => first.queries,
            limits,
            (each: Loose) => nest(each, depth - 1).yield(() => []),
          );
    expect(() => nest(loose, 6)).not.toThrow();
    expect(() => nest(loose, 7)).toThrow('containers are nested 7 deep');
    const inner = nest(loose, 4).output(Feedback, () => ({ feedback: '' }));
    const useIn = (chain: unknown) =>
      (chain as { use(...given: unknown[]): Loose })
        .use('u', inner, () => ({ question: 'q', userId: 'u' }))
        .yield(() => []);
    const over = ({ first }: Scope) => first.queries;
    const inTwo = (body: (each: Loose) => unknown) => () =>
      loose.map('a', z.array(z.string()), over, limits, (each: Loose) =>
        each.map('b', z.array(z.string()), over, limits, body).yield(() => []),
      );
    expect(inTwo(useIn)).not.toThrow();
    expect(inTwo((each) => each.map('c', z.array(z.string()), over, limits, useIn).yield(() => []))).toThrow(
      "use 'u': containers are nested 7 deep",
    );
  });

  test('a pipeline has a node', () => {
    expect(() => definePipeline('empty', Question).output(Feedback, () => ({ feedback: '' }))).toThrow(
      "pipeline 'empty' has no nodes",
    );
  });

  test('only a pipeline can be used', () => {
    expect(() => (loose as unknown as { use(...given: unknown[]): Loose }).use('u', base, () => ({}))).toThrow(
      "use 'u' is given an object as its pipeline",
    );
  });
});

test('the plan holds the JSON Schemas of what may be sent and of what is given', () => {
  const Given = z.object({ question: z.string(), topK: z.int().default(3) });
  const { plan } = definePipeline('p', Given)
    .step('a', keywordSearch, ({ input }) => ({ query: input.question }))
    .output(Answer, () => ({ text: '', citations: [], passed: false }));
  expect(plan.schemas.input).toMatchObject({ required: ['question'] });
  expect(plan.schemas.output).toMatchObject({ required: ['text', 'citations', 'passed'] });
});

test('the steps of a pipeline are its contracts, fallbacks and used pipelines included, each once', () => {
  const names = 'understand vectorSearch keywordSearch fuse rerank keepOrder draftAnswer judge decline';
  expect(supportBot.steps.map((step) => step.name).join(' ')).toBe(names);
  const impostor = defineStep('rerank', {
    version: 2,
    input: rerank.input,
    output: Passages,
    effect: 'read',
    policy: { attempts: 1, timeout: '1 second' },
  });
  const both = base
    .step('one', rerank, ({ first }) => ({ query: first.standalone, passages: [] }))
    .step('two', impostor, () => ({ query: '', passages: [] }));
  expect(() => both.output(Passages, ({ one }) => one)).toThrow("two different steps are named 'rerank@2'");
});
