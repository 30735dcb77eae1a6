import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { definePipeline, defineStep, type Ref, type Value } from '../../src/index.ts';
import { findNode } from '../../src/plan/nodes.ts';
import { keywordSearch, Passage, Passages, Question, rerank, understand } from './example.ts';

const base = definePipeline('p', Question).step('first', understand, ({ input }) => ({ question: input.question }));
const found = base.step('found', keywordSearch, ({ first }) => ({ query: first.standalone }));
const policy = { attempts: 1, timeout: '1 second' } as const;

/** A chain for callers without types, whose mistakes the compiler would refuse. */
type Loose = Readonly<Record<string, Record<string, unknown>>>;
type LooseChain = { step(id: string, step: unknown, wire: (scope: Loose) => unknown, ...rest: unknown[]): LooseChain };
const loose = found as unknown as LooseChain;
const given = { id: 'a', text: 'b', score: 1 };

describe('semantics 6: objects are entered by declared field, everything else is passed whole', () => {
  const shape = z.object({
    object: z.object({ inner: z.object({ text: z.string() }) }),
    list: z.array(z.object({ text: z.string() })),
    record: z.record(z.string(), z.number()),
    union: z.union([z.object({ text: z.string() }), z.object({ count: z.number() })]),
    maybe: z.object({ text: z.string() }).optional(),
    nullable: z.object({ text: z.string() }).nullable(),
    defaulted: z.object({ text: z.string() }).default({ text: '' }),
    both: z.object({ text: z.string() }).and(z.object({ count: z.number() })),
    scalar: z.string(),
  });
  const give = defineStep('give', { version: 1, input: z.object({}), output: shape, effect: 'read', policy });
  const keep = defineStep('keep', {
    version: 1,
    input: z.object({ text: z.string() }),
    output: z.object({}),
    effect: 'read',
    policy,
  });
  const start = definePipeline('p', Question).step('give', give, () => ({}));

  test('an object, also in an object, behind a default, and as an intersection', () => {
    const wired = start
      .step('a', keep, ({ give }) => ({ text: give.object.inner.text }))
      .step('b', keep, ({ give }) => ({ text: give.defaulted.text }))
      .step('c', keep, ({ give }) => ({ text: give.both.text }))
      .output(z.object({}), () => ({}));
    expect(findNode(wired.plan, 'a')).toMatchObject({
      input: { $object: { text: { $from: ['give', 'object', 'inner', 'text'] } } },
    });
    expect(findNode(wired.plan, 'b')).toMatchObject({
      input: { $object: { text: { $from: ['give', 'defaulted', 'text'] } } },
    });
    expect(findNode(wired.plan, 'c')).toMatchObject({
      input: { $object: { text: { $from: ['give', 'both', 'text'] } } },
    });
  });

  test('what may hold nothing at that place is opaque, in types and at definition', () => {
    type Given = z.output<typeof shape>;
    expectTypeOf<Ref<Given>['list']>().toEqualTypeOf<Value<Given['list']>>();
    expectTypeOf<Ref<Given>['record']>().toEqualTypeOf<Value<Given['record']>>();
    expectTypeOf<Ref<Given>['maybe']>().toEqualTypeOf<Value<Given['maybe']>>();
    expectTypeOf<Ref<Given>['nullable']>().toEqualTypeOf<Value<Given['nullable']>>();
    expectTypeOf<Ref<Given>['scalar']>().toEqualTypeOf<Value<string>>();
    for (const field of ['list', 'record', 'union', 'maybe', 'nullable', 'scalar'])
      expect(() =>
        (start as unknown as LooseChain).step('k', keep, ({ give }) => ({
          text: (give![field] as { text?: string }).text,
        })),
      ).toThrow("node 'k', 'text' is undefined");
  });
});

describe('semantics 7: an optional output fits an optional input only', () => {
  test('it is wired as a ref, so that an absent value leaves its key out', () => {
    const { plan } = definePipeline('p', Question)
      .step('u', understand, ({ input }) => ({ question: input.question, history: input.history }))
      .output(z.object({}), () => ({}));
    expect(findNode(plan, 'u')).toMatchObject({ input: { $object: { history: { $from: ['input', 'history'] } } } });
  });

  test('and fits no input that must be there', () => {
    const need = defineStep('need', {
      version: 1,
      input: z.object({ history: z.array(z.string()) }),
      output: z.object({}),
      effect: 'read',
      policy,
    });
    // Wired key by key the plan cannot tell, so this is the compiler's to refuse ...
    definePipeline('p', z.object({ history: z.array(z.string()).optional() })).step('n', need, ({ input }) => ({
      // @ts-expect-error it may be absent
      history: input.history,
    }));
    // ... and as a whole ref it is refused at definition too.
    const whole = definePipeline('p', z.object({ history: z.array(z.string()).optional() })) as unknown as LooseChain;
    expect(() => whole.step('n', need, ({ input }) => input)).toThrow("node 'n' is not wired to supply 'history'");
  });
});

describe('semantics 8: extra keys, missing keys and undefined are refused in the same words', () => {
  test('an extra key, at the top and in a nested literal', () => {
    // @ts-expect-error 'topk' is no input
    expect(() => found.step('k', keywordSearch, ({ first }) => ({ query: first.standalone, topk: 3 }))).toThrow(
      "node 'k' has no input 'topk'",
    );
    expect(() =>
      found.step('k', rerank, ({ first }) => ({
        query: first.standalone,
        passages: [{ id: 'a', text: first.standalone, score: 1, page: 3 }],
      })),
    ).toThrow("node 'k', 'passages'[0] has no input 'page'");
  });

  test('a missing key, at the top and in a nested literal', () => {
    // @ts-expect-error 'passages' is missing
    expect(() => found.step('k', rerank, ({ first }) => ({ query: first.standalone }))).toThrow(
      "node 'k' is not wired to supply 'passages'",
    );
    expect(() =>
      found.step('k', rerank, ({ first }) => ({
        query: first.standalone,
        // @ts-expect-error 'score' is missing
        passages: [{ id: 'a', text: 'b' }],
      })),
    ).toThrow("node 'k', 'passages'[0] is not wired to supply 'score'");
  });

  test('undefined: a misspelt field, or a literal, at every level', () => {
    // @ts-expect-error a misspelt field
    expect(() => found.step('k', keywordSearch, ({ first }) => ({ query: first.standalon }))).toThrow(
      "node 'k', 'query' is undefined",
    );
    expect(() =>
      // @ts-expect-error undefined is no history
      found.step('k', understand, ({ first }) => ({ question: first.standalone, history: undefined })),
    ).toThrow("node 'k', 'history' is undefined");
    expect(() =>
      loose.step('k', rerank, () => ({ query: 'x', passages: [{ id: 'a', text: undefined, score: 1 }] })),
    ).toThrow("node 'k', 'passages'[0], 'text' is undefined");
  });

  test('the same at the output, in a carry, in a yield, and in the input of a use', () => {
    // @ts-expect-error 'extra' is no output
    expect(() => found.output(Passages, ({ found }) => ({ passages: found.passages, extra: 1 }))).toThrow(
      "'output' has no input 'extra'",
    );
    // @ts-expect-error 'passages' is missing
    expect(() => found.output(Passages, () => ({}))).toThrow("'output' is not wired to supply 'passages'");
    expect(() =>
      found.branch(
        'b',
        Passages,
        ({ first }) => first.answerable,
        // @ts-expect-error 'extra' is no yield
        (arm) => arm.yield(({ found }) => ({ passages: found.passages, extra: 1 })),
        (arm) => arm.yield(({ found }) => found),
      ),
    ).toThrow("branch 'b', first arm: 'yield' has no input 'extra'");
    expect(() =>
      found.repeat(
        'r',
        { max: 1, carry: z.object({ n: z.number() }), start: { n: 0 }, whenExhausted: 'fail' },
        (round) =>
          round.until(
            ({ first }) => first.answerable,
            // @ts-expect-error 'm' is no carry
            () => ({ n: 1, m: 2 }),
          ),
      ),
    ).toThrow("repeat 'r': 'carry' has no input 'm'");
    const inner = found.output(Passages, ({ found }) => found);
    expect(() =>
      // @ts-expect-error 'more' is no input
      definePipeline('q', Question).use('u', inner, ({ input }) => ({
        question: input.question,
        userId: 'a',
        more: 1,
      })),
    ).toThrow("use 'u' has no input 'more'");
  });

  test('a ref to a whole object must have the same fields', () => {
    const { plan } = found.step('k', keywordSearch, () => ({ query: 'x' })).output(Passages, ({ k }) => k);
    expect(plan.output).toEqual({ $from: ['k'] });
    expect(() => loose.step('k', rerank, ({ found }) => found)).toThrow("node 'k' is not wired to supply 'query'");
    expect(() => loose.step('k', keywordSearch, ({ first }) => first)).toThrow("node 'k' has no input 'standalone'");
    expect(() => loose.step('k', keywordSearch, ({ first }) => first?.standalone)).toThrow(
      "node 'k' is wired to 'first.standalone', which has no fields",
    );
  });

  test('literals are held against their schema, the largest part at once', () => {
    expect(() => loose.step('k', rerank, ({ found }) => ({ query: 7, passages: found?.passages }))).toThrow(
      "node 'k', 'query': ✖ Invalid input: expected string, received number",
    );
    const { plan } = found
      .step('k', rerank, ({ first }) => ({ query: first.standalone, passages: [given, given] }))
      .step('l', rerank, () => ({ query: 'all', passages: [] }))
      .output(Passages, ({ k }) => k);
    expect(findNode(plan, 'k')).toMatchObject({ input: { $object: { passages: { $value: [given, given] } } } });
    expect(findNode(plan, 'l')).toMatchObject({ input: { $value: { query: 'all', passages: [] } } });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, "node 'k' is wired to undefined"],
    ['text', 'x', "node 'k' is wired to 'x'"],
    ['a list', [], "node 'k' is wired to a list"],
    ['a promise', Promise.resolve({ query: 'x' }), "node 'k' is wired to an object"],
    ['a function', { query: () => 'x' }, "node 'k', 'query' is function, which JSON cannot hold"],
    ['a date', { query: new Date(0) }, "node 'k', 'query' is an object of a class"],
    ['NaN', { query: Number.NaN }, "node 'k', 'query' is NaN, which JSON cannot hold"],
    ['a lone surrogate', { query: '\ud800' }, "node 'k', 'query' has a lone surrogate"],
    ['too much text', { query: 'x'.repeat(262_144) }, "node 'k', 'query' is 262146 characters long as JSON"],
  ])('%s is refused', (_what, wired, message) => {
    expect(() => loose.step('k', keywordSearch, () => wired)).toThrow(message);
  });

  test('a wiring is at most 32 levels deep', () => {
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 'x');
    expect(() => loose.step('k', keywordSearch, () => ({ query: deep }))).toThrow('nested more than 32 levels deep');
  });

  test('reading a node that is not there names what is there', () => {
    expect(() => loose.step('k', keywordSearch, ({ later }) => ({ query: later!.text }))).toThrow(
      expect.objectContaining({ code: 'wiring_failed', remedy: 'in scope are input, first, found' }),
    );
    expect(() => loose.step('k', keywordSearch, 'first.standalone' as never)).toThrow(
      "node 'k' is wired by 'first.standalone'",
    );
  });
});

describe('semantics 9: computing with a ref throws at definition', () => {
  const message = "'first.standalone' has no value at definition: pass it, do not compute with it";
  test.each<[string, (text: never) => unknown]>([
    ['text and a ref', (text) => `${text as string}!`],
    ['a sum', (text) => (text as number) + 1],
    ['a product', (text) => (text as number) * 2],
    ['a comparison', (text) => (text as number) > 3],
    // biome-ignore lint/suspicious/noDoubleEquals: loose equality is the mistake
    ['equality with text', (text) => (text as unknown) == 'x'],
    ['String()', (text) => String(text)],
    ['a key', (text) => ({ [text as string]: 1 })],
    ['spreading it as a list', (text) => [...(text as unknown[])]],
  ])('%s', (_what, compute) => {
    expect(() =>
      loose.step('k', keywordSearch, ({ first }) => ({ query: compute(first?.standalone as never) })),
    ).toThrow(message);
  });

  test('a ref kept from another wiring function is refused where it is not visible', () => {
    let kept: unknown;
    loose.step('later', keywordSearch, ({ found }) => {
      kept = found?.passages;
      return { query: 'x' };
    });
    const before = definePipeline('p', Question) as unknown as LooseChain;
    expect(() => before.step('k', rerank, () => ({ query: '', passages: kept }))).toThrow(
      "node 'k' is wired to 'found.passages', which it cannot see",
    );
  });

  test('methods of what it stands for are not there', () => {
    // @ts-expect-error a ref to text is no text
    expect(() => found.step('k', keywordSearch, ({ first }) => ({ query: first.standalone.trim() }))).toThrow(
      "node 'k' cannot be wired",
    );
  });

  test('a copy of a ref is an object of refs, not a ref', () => {
    const { plan } = found.step('k', keywordSearch, () => ({ query: 'x' })).output(Passages, ({ k }) => ({ ...k }));
    expect(plan.output).toEqual({ $object: { passages: { $from: ['k', 'passages'] } } });
  });
});

describe('semantics 10: a chain is reusable', () => {
  test('two chains may continue one prefix, and neither sees the other', () => {
    const one = found.step('more', rerank, ({ found }) => ({ query: 'one', passages: found.passages }));
    const two = found.step('more', keywordSearch, () => ({ query: 'two' }));
    const plans = [one, two].map(
      (chain) => (chain as typeof two).output(Passages, ({ more }) => ({ passages: more.passages })).plan,
    );
    expect(plans[0]!.nodes.slice(0, 2)).toEqual(plans[1]!.nodes.slice(0, 2));
    expect(plans.map((plan) => findNode(plan, 'more'))).toMatchObject([
      { call: { step: 'rerank@2' } },
      { call: { step: 'keywordSearch@3' } },
    ]);
  });

  test('what is defined is frozen to its leaves', () => {
    const pipeline = found.output(z.object({ all: z.array(Passage) }), ({ found }) => ({ all: found.passages }));
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(pipeline.plan)).toBe(true);
    expect([pipeline, pipeline.steps, found].every(Object.isFrozen)).toBe(true);
  });
});
