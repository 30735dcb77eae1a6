import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definePipeline } from '../../src/index.ts';
import { findNode, nodesOf } from '../../src/plan/nodes.ts';
import { RESERVED_IDS } from '../../src/plan/plan-limits.ts';
import {
  Feedback,
  judge,
  keywordSearch,
  Passages,
  Question,
  relatedPages,
  rerank,
  supportBot,
  understand,
} from './example.ts';

const base = definePipeline('p', Question).step('first', understand, ({ input }) => ({ question: input.question }));
const ids = (pipeline: { plan: Parameters<typeof nodesOf>[0] }) => [...nodesOf(pipeline.plan)].map((node) => node.id);
/** For what the types refuse too: a chain of an unknown caller. */
const untyped = base as unknown as { step(...given: unknown[]): unknown };
const wire = ({ first }: { first: { standalone: unknown } }) => ({ query: first.standalone });

describe('semantics 1: an id is unique over the whole pipeline', () => {
  test('twice in a row is refused', () => {
    // @ts-expect-error the id exists
    expect(() => base.step('first', understand, ({ input }) => ({ question: input.question }))).toThrow(
      "node 'first' already exists",
    );
  });

  test('also inside a loop, a map and an arm, of what is outside', () => {
    expect(() =>
      base.repeat('again', { max: 2, carry: Feedback, start: { feedback: '' }, whenExhausted: 'fail' }, (round) =>
        round
          // @ts-expect-error the id exists outside
          .step('first', judge, ({ first }) => ({ answer: first.standalone, passages: [] }))
          .until(
            ({ first }) => first.answerable,
            () => ({ feedback: '' }),
          ),
      ),
    ).toThrow("node 'first' already exists");
    expect(() =>
      base.map(
        'each',
        z.string(),
        ({ first }) => first.queries,
        { max: 2, concurrency: 1, whenOver: 'fail' },
        // @ts-expect-error the id is the map's own
        (each) => each.step('each', keywordSearch, ({ item }) => ({ query: item })).yield(() => ''),
      ),
    ).toThrow("node 'each' already exists");
  });

  test('also outside, of what is inside, and between the two arms of a branch', () => {
    const forked = base.branch(
      'fork',
      z.string(),
      ({ first }) => first.answerable,
      (arm) => arm.step('inner', keywordSearch, ({ first }) => ({ query: first.standalone })).yield(() => 'yes'),
      (arm) => arm.yield(() => 'no'),
    );
    // @ts-expect-error the id exists in an arm
    expect(() => forked.step('inner', keywordSearch, ({ first }) => ({ query: first.standalone }))).toThrow(
      "node 'inner' already exists",
    );
    expect(() =>
      base.branch(
        'fork',
        z.string(),
        ({ first }) => first.answerable,
        (arm) => arm.step('inner', keywordSearch, ({ first }) => ({ query: first.standalone })).yield(() => 'yes'),
        // @ts-expect-error the id exists in the other arm
        (arm) => arm.step('inner', keywordSearch, ({ first }) => ({ query: first.standalone })).yield(() => 'no'),
      ),
    ).toThrow("node 'inner' already exists");
  });

  test.each(RESERVED_IDS)("'%s' is a word of the language", (id) => {
    expect(() => untyped.step(id, keywordSearch, wire)).toThrow(
      `'${id}' is a word of the language, so no node can have it as its id`,
    );
  });

  test.each(['', 'a b', 'a/b', 'a.b', 'a:b', 'ä', '__proto__'])("'%s' is no id", (id) => {
    expect(() => untyped.step(id, keywordSearch, wire)).toThrow("may hold only letters, digits, '-' and '_'");
  });

  test.each(['a', 'A-1_b', '2nd', 'x'.repeat(64), 'constructor', 'toString'])("'%s' is an id", (id) => {
    expect(() => untyped.step(id, keywordSearch, wire)).not.toThrow();
  });

  test('an id has at most 64 characters, and a pipeline at most 200 nodes', () => {
    expect(() => untyped.step('x'.repeat(65), keywordSearch, wire)).toThrow('is 65 characters long');
    let chain = untyped;
    for (let index = 2; index <= 200; index += 1)
      chain = chain.step(`n${index}`, keywordSearch, wire) as typeof untyped;
    expect(() => chain.step('n201', keywordSearch, wire)).toThrow("pipeline 'p' has more than 200 nodes");
  });
});

describe('semantics 2: nodes of a used pipeline have its id before theirs', () => {
  const Related = z.object({ about: z.string() });
  const twice = definePipeline('twice', Related)
    .use('one', relatedPages, ({ input }) => ({ about: input.about }))
    .use('two', relatedPages, ({ input }) => ({ about: input.about }))
    .output(Passages, ({ two }) => ({ passages: two.passages }));

  test('one pipeline may be used twice, and again by another', () => {
    expect(ids(twice)).toEqual(['one/hits', 'one/picked', 'two/hits', 'two/picked']);
    const outer = definePipeline('outer', Related)
      .use('deep', twice, ({ input }) => ({ about: input.about }))
      .output(Passages, ({ deep }) => ({ passages: deep.passages }));
    expect(ids(outer)).toEqual(['deep/one/hits', 'deep/one/picked', 'deep/two/hits', 'deep/two/picked']);
  });

  test('the id of a use is taken, though no node has it', () => {
    const chain = definePipeline('p', Related).use('one', relatedPages, ({ input }) => ({ about: input.about }));
    // @ts-expect-error the id exists
    expect(() => chain.step('one', keywordSearch, ({ input }) => ({ query: input.about }))).toThrow(
      "node 'one' already exists",
    );
  });

  test('a prefixed id has at most 200 characters', () => {
    const long = 'u'.repeat(64);
    const wrap = (inner: unknown): unknown =>
      (definePipeline('p', Related) as unknown as Untyped)
        .use(long, inner, ({ input }) => ({ about: input?.about }))
        .output(Passages, (scope) => scope[long]);
    const twoDeep = wrap(wrap(relatedPages));
    expect(() => wrap(twoDeep)).toThrow("/picked' is 201 characters long");
  });
});

/** The chain as callers without types see it. */
interface Untyped {
  use(id: string, pipeline: unknown, wire: (scope: Record<string, Record<string, unknown>>) => unknown): Untyped;
  output(schema: unknown, wire: (scope: Record<string, Record<string, unknown>>) => unknown): unknown;
}

describe('semantics 3: the id of a use is a name for its output', () => {
  const chain = definePipeline('p', z.object({ about: z.string() })).use('related', relatedPages, ({ input }) => ({
    about: input.about,
  }));

  test('a ref to it becomes a ref to what the used pipeline wires there', () => {
    const { plan } = chain
      .step('again', rerank, ({ input, related }) => ({ query: input.about, passages: related.passages }))
      .output(Passages, ({ again }) => ({ passages: again.passages }));
    expect(findNode(plan, 'again')).toMatchObject({
      input: { $object: { query: { $from: ['input', 'about'] }, passages: { $from: ['related/picked', 'passages'] } } },
    });
    expect(JSON.stringify(plan)).not.toContain('"related"');
  });

  test('its input refs become what is wired to it, so its nodes wait for that only', () => {
    const { plan } = chain.output(Passages, ({ related }) => related);
    expect(findNode(plan, 'related/hits')).toMatchObject({
      input: { $object: { query: { $from: ['input', 'about'] } } },
    });
    expect(plan.output).toEqual({ $object: { passages: { $from: ['related/picked', 'passages'] } } });
  });

  test('a literal wired to it stays a literal, and an optional input that is not wired leaves its key out', () => {
    const Asked = z.object({ question: z.string(), hint: z.string().optional() });
    const inner = definePipeline('inner', z.object({ about: z.string(), history: Question.shape.history }))
      .step('u', understand, ({ input }) => ({ question: input.about, history: input.history }))
      .output(Asked, ({ u }) => ({ question: u.standalone }));
    const { plan } = definePipeline('p', Question)
      .use('inner', inner, () => ({ about: 'cats' }))
      .output(Asked, ({ inner }) => ({ question: inner.question, hint: inner.hint }));
    expect(findNode(plan, 'inner/u')).toMatchObject({ input: { $value: { question: 'cats' } } });
    expect(plan.output).toEqual({ $object: { question: { $from: ['inner/u', 'standalone'] } } });
  });
});

describe('semantics 4: carry and item are the innermost, and the plan names their owner', () => {
  const limits = { max: 3, concurrency: 1, whenOver: 'fail' } as const;
  const inner = definePipeline('inner', z.object({ texts: z.array(z.string()) }))
    .map(
      'in',
      Passages,
      ({ input }) => input.texts,
      limits,
      (each) =>
        each
          .step('found', keywordSearch, ({ item }) => ({ query: item }))
          .yield(({ found }) => ({ passages: found.passages })),
    )
    .output(z.object({ found: z.array(Passages) }), (scope) => ({ found: scope.in }));

  test('a map within a map reads its own item', () => {
    const { plan } = definePipeline('p', z.object({ groups: z.array(z.object({ texts: z.array(z.string()) })) }))
      .map(
        'outer',
        z.array(z.string()),
        ({ input }) => input.groups,
        limits,
        (each) =>
          each
            .map(
              'inner',
              z.string(),
              ({ item }) => item.texts,
              limits,
              (word) => word.yield(({ item }) => item),
            )
            .yield((scope) => scope.inner),
      )
      .output(z.object({ all: z.array(z.array(z.string())) }), ({ outer }) => ({ all: outer }));
    expect(findNode(plan, 'inner')).toMatchObject({
      over: { $from: ['outer:item', 'texts'] },
      yields: { $from: ['inner:item'] },
    });
  });

  test('inlining a pipeline that maps, into a map, captures neither item', () => {
    const { plan } = definePipeline('p', z.object({ groups: z.array(z.array(z.string())) }))
      .map(
        'outer',
        z.array(Passages),
        ({ input }) => input.groups,
        limits,
        (each) => each.use('u', inner, ({ item }) => ({ texts: item })).yield(({ u }) => u.found),
      )
      .output(z.object({ all: z.array(z.array(Passages)) }), ({ outer }) => ({ all: outer }));
    expect(findNode(plan, 'u/in')).toMatchObject({ over: { $from: ['outer:item'] } });
    expect(findNode(plan, 'u/found')).toMatchObject({ input: { $object: { query: { $from: ['u/in:item'] } } } });
    expect(findNode(plan, 'outer')).toMatchObject({ yields: { $from: ['u/in'] } });
  });

  test("a loop's carry is named by the loop", () => {
    expect(findNode(supportBot.plan, 'draft')).toMatchObject({
      input: { $object: { feedback: { $from: ['answer:carry', 'feedback'] } } },
    });
  });
});

test('semantics 5: a node key can be made of the plan, since ids are unique and containers are known by them', () => {
  expect(new Set(ids(supportBot)).size).toBe(ids(supportBot).length);
  expect(ids(supportBot)).toEqual([
    ...['understood', 'vector', 'lookup', 'keyword', 'fused', 'ranked'],
    ...['reply', 'answer', 'draft', 'check', 'related/hits', 'related/picked', 'refusal'],
  ]);
});
