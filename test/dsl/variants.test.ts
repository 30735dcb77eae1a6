import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { definePipeline, defineStep, type Variant } from '../../src/index.ts';
import { applyEdits } from '../../src/plan/compose.ts';
import { findNode } from '../../src/plan/nodes.ts';
import type { Plan, StepNode } from '../../src/plan/plan.ts';
import {
  countHits,
  fuse,
  imagine,
  imagined,
  imaginedAndWide,
  keepOrder,
  keywordSearch,
  Passage,
  Passages,
  Question,
  rawQuestion,
  rerank,
  supportBot,
  understand,
  vectorSearch,
  wide,
} from './example.ts';

const step = (pipeline: { plan: Plan }, id: string) => findNode(pipeline.plan, id) as StepNode;
const pure = { attempts: 1, timeout: '1 second' } as const;

/** Edits for callers without types. */
type LooseEdit = {
  [method in 'swap' | 'replace' | 'configure' | 'rewire' | 'options' | 'include']: (...given: unknown[]) => LooseEdit;
};
const loosely = (edit: (edit: LooseEdit) => unknown) => () =>
  (supportBot as unknown as { variant(name: string, edit: unknown): typeof wide }).variant('v', edit);

describe('a variant is a pipeline', () => {
  test('with its name, its edits as frozen data, and the plan that they make', () => {
    expect(wide).toMatchObject({ id: 'support-bot', variantOf: 'support-bot', name: 'wide' });
    expect(wide.edits).toEqual([
      { node: 'ranked', facet: 'config', config: { topN: 12, model: 'local/lexical' } },
      { node: 'answer', facet: 'options', options: { max: 2 } },
    ]);
    expect(wide.plan).toEqual(applyEdits(supportBot.plan, wide.edits));
    expect(JSON.parse(JSON.stringify(wide.edits))).toEqual(wide.edits);
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(wide.edits) && isFrozen(wide.plan) && Object.isFrozen(wide)).toBe(true);
    expectTypeOf(wide.name).toEqualTypeOf<'wide'>();
    expectTypeOf(wide.variantOf).toEqualTypeOf<'support-bot'>();
  });

  test('the baseline stays as it was', () => {
    expect(step(supportBot, 'ranked').call.config).toMatchObject({ topN: 8 });
  });

  test('its steps are those of its own plan', () => {
    const names = (pipeline: { steps: readonly { name: string }[] }) => pipeline.steps.map(({ name }) => name);
    expect(names(imagined)).toContain('imagine');
    expect(names(imagined)).not.toContain('understand');
    expect(names(supportBot)).not.toContain('imagine');
  });

  test('it can be used by another pipeline, as it is', () => {
    const { plan, steps } = definePipeline('outer', Question)
      .use('bot', imaginedAndWide, ({ input }) => input)
      .output(z.object({ text: z.string() }), ({ bot }) => ({ text: bot.text }));
    expect(step({ plan }, 'bot/understood').call).toEqual({
      step: 'imagine@1',
      config: { model: 'local/extractive', words: 60 },
    });
    expect(step({ plan }, 'bot/related/picked').call.config).toMatchObject({ topN: 2 });
    expect(steps.map(({ name }) => name)).toContain('imagine');
  });

  test('a variant of a variant includes it', () => {
    const both = wide.variant('both', (edit) => edit.configure('keyword', { topK: 1 }));
    expect(both).toMatchObject({ name: 'both', variantOf: 'support-bot' });
    expect(both.edits).toEqual([...wide.edits, expect.objectContaining({ node: 'keyword', facet: 'config' })]);
  });

  test('it may change nothing, but not be named like the baseline', () => {
    expect(supportBot.variant('same', (edit) => edit).plan).toEqual(supportBot.plan);
    expect(() => supportBot.variant('baseline', (edit) => edit)).toThrow("a variant is named 'baseline'");
    expect(() => supportBot.variant('a b', (edit) => edit)).toThrow("a variant named 'a b'");
  });

  test('its function returns its edits', () => {
    const message = "variant 'v': its function returned";
    expect(loosely(() => undefined)).toThrow(message);
    let other: unknown;
    supportBot.variant('other', (edit) => {
      other = edit;
      return edit;
    });
    expect(loosely(() => other)).toThrow(message);
  });
});

describe('semantics 35: an edit is data: a node, a facet, and what it becomes', () => {
  test('a replace is a step and an input; a swap brings the policy of its step', () => {
    expect(rawQuestion.edits.map(({ node, facet }) => [node, facet])).toEqual([
      ['ranked', 'input'],
      ['lookup', 'step'],
      ['lookup', 'input'],
    ]);
    expect(imagined.edits[0]).toMatchObject({ policy: { timeoutMs: 60_000 } });
  });

  test('there is no edit of the structure', () => {
    supportBot.variant('v', (edit) => {
      expect(Object.keys(edit).sort()).toEqual(['configure', 'include', 'options', 'replace', 'rewire', 'swap']);
      return edit;
    });
  });

  test('an unknown node is named, with the nearest that is known', () => {
    // @ts-expect-error there is no 'reranked'
    expect(() => supportBot.variant('v', (edit) => edit.configure('reranked', { topN: 3 }))).toThrow(
      expect.objectContaining({
        message: "there is no node 'reranked' in 'support-bot'",
        remedy: "did you mean 'ranked'?",
      }),
    );
  });

  test('a container is no step', () => {
    for (const method of ['swap', 'replace', 'configure', 'rewire'] as const)
      expect(loosely((edit) => edit[method]('answer', keywordSearch))).toThrow(
        "'answer' is a repeat: it holds nodes and is no step itself",
      );
  });
});

describe('semantics 36: what an edit must hold', () => {
  test('swap: the new step takes what is wired', () => {
    // @ts-expect-error nothing supplies 'passages'
    expect(() => supportBot.variant('v', (edit) => edit.swap('keyword', rerank))).toThrow(
      "node 'keyword' is not wired to supply 'passages'",
    );
  });

  test('swap and replace: it produces at least the old outputs', () => {
    const nothing = defineStep('nothing', {
      version: 1,
      input: z.object({}),
      output: z.object({}),
      effect: 'read',
      policy: pure,
    });
    // @ts-expect-error it produces no 'passages'
    expect(() => supportBot.variant('v', (edit) => edit.swap('keyword', nothing))).toThrow(
      "node 'keyword' must still produce 'passages' at its old type",
    );
    // @ts-expect-error it produces no 'passages'
    expect(() => supportBot.variant('v', (edit) => edit.replace('keyword', nothing, () => ({})))).toThrow(
      "node 'keyword' must still produce 'passages' at its old type",
    );
    // @ts-expect-error its 'passages' are a number
    supportBot.variant('v', (edit) => edit.swap('keyword', countHits));
  });

  test('rewire and replace: the wiring is what the step takes', () => {
    // @ts-expect-error 'passages' is missing
    expect(() => supportBot.variant('v', (edit) => edit.rewire('ranked', () => ({ query: 'x' })))).toThrow(
      "node 'ranked' is not wired to supply 'passages'",
    );
    expect(() =>
      // @ts-expect-error 'more' is no input
      supportBot.variant('v', (edit) => edit.rewire('keyword', () => ({ query: 'x', more: 1 }))),
    ).toThrow("node 'keyword' has no input 'more'");
    expect(() =>
      // @ts-expect-error 'more' is no input
      supportBot.variant('v', (edit) => edit.replace('keyword', vectorSearch, () => ({ query: 'x', more: 1 }))),
    ).toThrow("node 'keyword' has no input 'more'");
  });

  test("replace: the place's fallback must still be fed", () => {
    const byText = defineStep('byText', {
      version: 1,
      input: z.object({ text: z.string() }),
      output: Passages,
      effect: 'read',
      policy: pure,
    });
    expect(() =>
      supportBot.variant('v', (edit) => edit.replace('ranked', byText, ({ fused: _ }) => ({ text: 'x' }))),
    ).toThrow("node 'ranked': its fallback is not wired to supply 'passages'");
  });
});

describe('semantics 37: an edit sees what its node saw, with the outputs of the baseline', () => {
  test('nothing later', () => {
    expect(() =>
      // @ts-expect-error 'ranked' is later
      supportBot.variant('v', (edit) => edit.rewire('keyword', ({ ranked }) => ({ query: ranked.text }))),
    ).toThrow(expect.objectContaining({ code: 'wiring_failed', remedy: 'in scope are input, understood, vector' }));
  });

  test('also the item or the carry of its place', () => {
    expect(step(rawQuestion, 'lookup').input).toEqual({ $object: { query: { $from: ['vector:item'] } } });
  });

  test("not what a swapped step gives beyond the baseline's", () => {
    expect(() =>
      supportBot.variant('v', (edit) =>
        // @ts-expect-error 'imagined' is no output of the baseline
        edit.swap('understood', imagine).rewire('keyword', ({ understood }) => ({ query: understood.imagined })),
      ),
    ).toThrow("node 'keyword', 'query' is undefined");
  });
});

describe('semantics 38: edits inside containers go by the plain id, and by the prefixed one in a use', () => {
  test('in a loop, a map, an arm, a use', () => {
    const deep = supportBot.variant('deep', (edit) =>
      edit
        .configure('draft', { model: 'local/a' })
        .configure('lookup', { topK: 1 })
        .options('refusal', { attempts: 5 })
        .rewire('related/picked', ({ input, hits }) => ({ query: input.about, passages: hits.passages })),
    );
    expect(step(deep, 'draft').call.config).toEqual({ model: 'local/a' });
    expect(step(deep, 'lookup').call.config).toEqual({ topK: 1 });
    expect(step(deep, 'refusal').policy.attempts).toBe(5);
    expect(step(deep, 'related/picked').input).toEqual(step(supportBot, 'related/picked').input);
    // @ts-expect-error without its prefix
    expect(() => supportBot.variant('v', (edit) => edit.configure('picked', { topN: 2 }))).toThrow("no node 'picked'");
  });

  test('a repeat and a map have limits to edit, within theirs; a branch and a use have none', () => {
    const limited = supportBot.variant('v', (edit) =>
      edit.options('answer', { max: 1 }).options('vector', { max: 2, concurrency: 1 }),
    );
    expect(findNode(limited.plan, 'answer')).toMatchObject({ max: 1 });
    expect(findNode(limited.plan, 'vector')).toMatchObject({ max: 2, concurrency: 1 });
    expect(() => supportBot.variant('v', (edit) => edit.options('answer', { max: 21 }))).toThrow(
      "node 'answer': max is 21",
    );
    expect(() => supportBot.variant('v', (edit) => edit.options('vector', { concurrency: 0 }))).toThrow(
      'concurrency is 0',
    );
    // @ts-expect-error a loop has no attempts
    expect(() => supportBot.variant('v', (edit) => edit.options('answer', { attempts: 2 }))).toThrow(
      "has no 'attempts'",
    );
    // @ts-expect-error a branch has none
    expect(() => supportBot.variant('v', (edit) => edit.options('reply', { max: 2 }))).toThrow(
      "node 'reply' is a branch: it has no options of its own",
    );
    // @ts-expect-error a use has none
    expect(() => supportBot.variant('v', (edit) => edit.options('related', { attempts: 2 }))).toThrow(
      "node 'related' is a use: it has no options of its own",
    );
  });
});

test('semantics 39: edits of different nodes compose in any order to the same plan', () => {
  const one = supportBot.variant('v', (edit) => edit.include(imagined).include(wide).configure('keyword', { topK: 1 }));
  const other = supportBot.variant('v', (edit) =>
    edit.configure('keyword', { topK: 1 }).include(wide).include(imagined),
  );
  expect(JSON.stringify(one.plan)).toBe(JSON.stringify(other.plan));
});

describe('semantics 40: two edits of one node', () => {
  test('within a variant: different facets may be edited', () => {
    const both = supportBot.variant('v', (edit) =>
      edit
        .configure('ranked', { topN: 3 })
        .options('ranked', { attempts: 1 })
        .rewire('ranked', ({ input, fused }) => ({ query: input.question, passages: fused.passages })),
    );
    expect(step(both, 'ranked')).toMatchObject({ call: { config: { topN: 3 } }, policy: { attempts: 1 } });
  });

  test('one facet twice is refused, and a swap sets the config too', () => {
    const twice = "'ranked' has its config edited twice";
    expect(() =>
      supportBot.variant('v', (edit) => edit.configure('ranked', { topN: 3 }).configure('ranked', { topN: 4 })),
    ).toThrow(twice);
    expect(() => supportBot.variant('v', (edit) => edit.swap('ranked', rerank).swap('ranked', rerank))).toThrow(
      "'ranked' has its step edited twice",
    );
    expect(() =>
      supportBot.variant('v', (edit) => edit.swap('ranked', rerank, { topN: 3 }).configure('ranked', { topN: 4 })),
    ).toThrow(twice);
    expect(() =>
      supportBot.variant('v', (edit) => edit.configure('ranked', { topN: 4 }).swap('ranked', rerank, { topN: 3 })),
    ).toThrow(twice);
    expect(() =>
      supportBot.variant('v', (edit) =>
        edit.rewire('keyword', () => ({ query: 'x' })).replace('keyword', keywordSearch, () => ({ query: 'y' })),
      ),
    ).toThrow("'keyword' has its input edited twice");
  });

  test('two included variants that edit it are refused, whatever the facets, naming the node, all three and the remedy', () => {
    const both = (write: Parameters<typeof supportBot.variant>[1]) => () => supportBot.variant('v', write);
    for (const [write, variants] of [
      [both((edit) => edit.include(wide).include(rawQuestion)), ['wide', 'raw-question']],
      [
        both((edit) => edit.configure('ranked', { topN: 3 }).include(rawQuestion).include(wide)),
        ['raw-question', 'wide'],
      ],
      [() => wide.variant('v', (edit) => edit.include(rawQuestion)), ['wide', 'raw-question']],
    ] as const)
      expect(write).toThrow(
        expect.objectContaining({
          code: 'edits_overlap',
          message: `'ranked' is edited by '${variants[0]}' and by '${variants[1]}', and 'v' includes both`,
          remedy: "include one of them, and write the edits of the other in 'v': own edits override included ones",
          data: { node: 'ranked', variants },
        }),
      );
    const widest = wide.variant('widest', (edit) => edit.configure('ranked', { topN: 50 }));
    expect(both((edit) => edit.include(widest).include(rawQuestion))).toThrow("by 'widest' and by 'raw-question'");
  });

  test('the same variant may be included twice', () => {
    expect(supportBot.variant('v', (edit) => edit.include(wide).include(wide)).plan).toEqual(wide.plan);
  });

  test('semantics 47: a variant of another pipeline cannot be included', () => {
    const other = definePipeline('other-bot', Question)
      .step('ranked', rerank, ({ input }) => ({ query: input.question, passages: [] }))
      .output(Passages, ({ ranked }) => ranked)
      .variant('other', (edit) => edit.configure('ranked', { topN: 1 }));
    expectTypeOf(other).not.toExtend<Variant<'support-bot'>>();
    // @ts-expect-error of another pipeline
    expect(() => supportBot.variant('v', (edit) => edit.include(other))).toThrow(
      "'other' is a variant of 'other-bot', not of 'support-bot'",
    );
  });
});

describe('own edits override what a variant includes', () => {
  test('of a config key by key, in any order of the calls, and the variant says so', () => {
    const cached = supportBot.variant('cached', (edit) => edit.configure('ranked', { topN: 12, model: 'local/b' }));
    const wider = supportBot.variant('wider', (edit) => edit.include(cached).configure('ranked', { topN: 20 }));
    expect(step(wider, 'ranked').call.config).toMatchObject({ topN: 20, model: 'local/b' });
    expect(wider.overrides).toEqual([
      { node: 'ranked', facet: 'config', path: 'topN', variant: 'cached', from: 12, to: 20 },
    ]);
    const [after, within] = [
      supportBot.variant('wider', (edit) => edit.configure('ranked', { topN: 20 }).include(cached)),
      cached.variant('wider', (edit) => edit.configure('ranked', { topN: 20 })),
    ];
    for (const other of [after, within])
      expect([other.plan, other.edits, other.overrides]).toEqual([wider.plan, wider.edits, wider.overrides]);
    expect(applyEdits(supportBot.plan, wider.edits)).toEqual(wider.plan);
  });

  test('back to what the baseline has', () => {
    const { topN } = step(supportBot, 'ranked').call.config as { topN: number };
    const again = wide.variant('again', (edit) => edit.configure('ranked', { topN }));
    expect(step(again, 'ranked').call).toEqual(step(supportBot, 'ranked').call);
    expect(again.overrides).toEqual([
      { node: 'ranked', facet: 'config', path: 'topN', variant: 'wide', from: 12, to: topN },
    ]);
  });

  test('of options and limits key by key', () => {
    const patient = supportBot.variant('patient', (edit) =>
      edit.options('ranked', { attempts: 5, timeout: '40 seconds' }).options('vector', { max: 3 }),
    );
    const hasty = patient.variant('hasty', (edit) =>
      edit.options('ranked', { timeout: '2 seconds' }).options('vector', { concurrency: 1 }),
    );
    expect(step(hasty, 'ranked').policy).toMatchObject({ attempts: 5, timeoutMs: 2_000 });
    expect(findNode(hasty.plan, 'vector')).toMatchObject({ max: 3, concurrency: 1 });
    expect(hasty.overrides.map(({ node, path, variant }) => [node, path, variant])).toEqual([
      ['ranked', 'timeoutMs', 'patient'],
    ]);
  });

  test('of a swap: its config, or the step, and a rewiring', () => {
    const config = loosely((edit) => edit.include(imagined).configure('understood', { words: 90 }))();
    expect(step(config, 'understood').call).toMatchObject({ step: 'imagine@1', config: { words: 90 } });
    expect(config.edits.filter(({ node }) => node === 'understood')).toHaveLength(1);
    expect(config.overrides).toEqual([
      { node: 'understood', facet: 'config', path: 'words', variant: 'imagined', from: 60, to: 90 },
    ]);
    const back = supportBot.variant('back', (edit) => edit.include(imagined).swap('understood', understand));
    expect(step(back, 'understood').call.step).toBe('understand@1');
    expect(back.overrides[0]).toMatchObject({ facet: 'step', from: 'imagine@1', to: 'understand@1' });
    const rewired = rawQuestion.variant('rewired', (edit) =>
      edit.rewire('ranked', ({ understood, fused }) => ({ query: understood.standalone, passages: fused.passages })),
    );
    expect(step(rewired, 'ranked').input).toEqual(step(supportBot, 'ranked').input);
    expect(rewired.overrides.map(({ path }) => path)).toEqual(['input.query']);
  });

  test('another facet of an included node is no override', () => {
    const both = wide.variant('both', (edit) => edit.options('ranked', { attempts: 1 }));
    expect(step(both, 'ranked')).toMatchObject({ call: { config: { topN: 12 } }, policy: { attempts: 1 } });
    expect(both.overrides).toEqual([]);
    expect(wide.overrides).toEqual([]);
  });

  test('through nested includes: what is included directly is named, with the value that it had', () => {
    const wider = wide.variant('wider', (edit) => edit.configure('ranked', { topN: 20 }));
    const widest = wider.variant('widest', (edit) => edit.configure('ranked', { topN: 50 }).include(imagined));
    expect(step(widest, 'ranked').call.config).toMatchObject({ topN: 50 });
    expect(findNode(widest.plan, 'answer')).toMatchObject({ max: 2 });
    expect(widest.overrides).toEqual([
      { node: 'ranked', facet: 'config', path: 'topN', variant: 'wider', from: 20, to: 50 },
    ]);
  });

  test('an own edit that does not fit the included step is refused', () => {
    expect(loosely((edit) => edit.include(imagined).configure('understood', { voice: 'warm' }))).toThrow(
      "the config of 'imagine@1' has no 'voice'",
    );
  });
});

describe('semantics 41: a swap keeps the place and starts the config anew', () => {
  const base = definePipeline('p', Question)
    .step('first', understand, ({ input }) => ({ question: input.question }))
    .step(
      'ranked',
      rerank,
      ({ first }) => ({ query: first.standalone, passages: [] }),
      { topN: 8, model: 'local/a' },
      {
        attempts: 7,
        fallback: keepOrder,
        when: ({ first }) => first.answerable,
        orElse: { passages: [] },
      },
    )
    .step('ordered', keepOrder, ({ ranked }) => ranked, {}, { lane: 'local' })
    .output(z.object({ passages: z.array(Passage) }), ({ ordered }) => ordered);
  const slowRerank = defineStep('slowRerank', {
    version: 1,
    input: rerank.input as unknown as z.ZodObject<{ query: z.ZodString; passages: z.ZodArray<typeof Passage> }>,
    output: Passages,
    config: z.object({ topN: z.int().default(5), depth: z.int().default(2) }),
    effect: 'read',
    policy: { attempts: 2, timeout: '2 minutes', heartbeat: '10 seconds' },
  });
  const slow = base.variant('slow', (edit) => edit.swap('ranked', slowRerank, { depth: 3 }));

  test('wiring, options, fallback, when and orElse stay', () => {
    const { input, fallback, orElse, when } = step(base, 'ranked');
    expect(step(slow, 'ranked')).toMatchObject({ input, fallback, orElse, when, policy: { attempts: 7 } });
  });

  test("config starts from the new step's defaults", () => {
    expect(step(slow, 'ranked').call).toEqual({ step: 'slowRerank@1', config: { topN: 5, depth: 3 } });
  });

  test("what the place does not say about the policy is the new step's", () => {
    expect(step(slow, 'ranked').policy).toMatchObject({ timeoutMs: 120_000, heartbeatMs: 10_000 });
  });

  test('semantics 34: the lane is checked again when a swap changes the step', () => {
    const external = defineStep('external', {
      version: 1,
      input: keepOrder.input,
      output: Passages,
      effect: 'read',
      policy: pure,
    });
    const message = "node 'ordered': lane 'local' needs a step that declares effect: 'none'";
    expect(() => base.variant('v', (edit) => edit.swap('ordered', external as never))).toThrow(message);
    expect(() =>
      base.variant('v', (edit) => edit.swap('ordered', external as never).options('ordered', { lane: 'activity' })),
    ).not.toThrow();
    // @ts-expect-error 'ranked' has effects
    expect(() => base.variant('v', (edit) => edit.options('ranked', { lane: 'local' }))).toThrow(
      "node 'ranked': lane 'local' needs a step that declares effect: 'none'",
    );
    expect(() => supportBot.variant('v', (edit) => edit.options('fused', { heartbeat: '1 second' }))).toThrow(
      "node 'fused': lane 'local' has neither heartbeat nor taskQueue",
    );
    expect(
      step(
        supportBot.variant('v', (edit) => edit.swap('fused', fuse, { k: 1 })),
        'fused',
      ).policy.lane,
    ).toBe('local');
  });

  test('a fallback must differ from what it helps, also after an edit', () => {
    const helped = definePipeline('p', Question)
      .step(
        'found',
        keywordSearch,
        ({ input }) => ({ query: input.question }),
        {},
        { fallback: keywordSearch.with({ topK: 3 }) },
      )
      .output(Passages, ({ found }) => found);
    expect(() => helped.variant('v', (edit) => edit.configure('found', { topK: 3 }))).toThrow(
      "node 'found': its fallback is the same step with the same config",
    );
    const alone = helped.variant('v', (edit) =>
      edit.configure('found', { topK: 3 }).options('found', { fallback: null }),
    );
    expect(step(alone, 'found')).not.toHaveProperty('fallback');
    expect(step(helped, 'found')).toHaveProperty('fallback');
    expect(loosely((edit) => edit.options('ranked', { fallback: keepOrder }))).toThrow(
      "node 'ranked': an edit can only take its fallback away",
    );
  });

  test('an edited orElse is a value of the output, an edited option within its limits', () => {
    const edited = base.variant('v', (edit) => edit.options('ranked', { orElse: { passages: [] }, timeout: '1 hour' }));
    expect(step(edited, 'ranked').policy).toMatchObject({ timeoutMs: 3_600_000, attempts: 7 });
    // @ts-expect-error no output
    expect(() => base.variant('v', (edit) => edit.options('ranked', { orElse: {} }))).toThrow(
      "node 'ranked': orElse is not wired to supply 'passages'",
    );
    expect(() => base.variant('v', (edit) => edit.options('ranked', { attempts: 101 }))).toThrow('attempts is 101');
  });
});
