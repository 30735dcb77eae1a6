/** One pipeline for each thing that a run's history can hold. Those of one line each differ in one node only. */
import { z } from 'zod';
import { definePipeline } from '../../src/index.ts';
import { Amount, add, count, measure, refuse, spend, stumble, wait, write } from './steps.ts';

const Amounts = z.object({ ns: z.array(z.int()) });

export const chain = definePipeline('chain', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .step('two', add, ({ one }) => ({ n: one.n }))
  .output(Amount, ({ two }) => ({ n: two.n }));

export const parallel = definePipeline('parallel', Amount)
  .step('left', add, ({ input }) => ({ n: input.n }), { by: 10 })
  .step('right', add, ({ input }) => ({ n: input.n }), { by: 20 })
  .step('far', add, ({ input }) => ({ n: input.n }), { by: 30 })
  .output(Amounts, ({ left, right, far }) => ({ ns: [left.n, right.n, far.n] }));

export const localLane = definePipeline('local-lane', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }), {}, { lane: 'local' })
  .step('two', add, ({ one }) => ({ n: one.n }), {}, { lane: 'local' })
  .output(Amount, ({ two }) => ({ n: two.n }));

export const bothLanes = definePipeline('both-lanes', Amount)
  .step('near', add, ({ input }) => ({ n: input.n }), {}, { lane: 'local' })
  .step('far', add, ({ near }) => ({ n: near.n }))
  .step('again', add, ({ far }) => ({ n: far.n }), {}, { lane: 'local' })
  .output(Amount, ({ again }) => ({ n: again.n }));

export const retry = definePipeline('retry', Amount)
  .step('one', stumble, ({ input }) => ({ n: input.n }))
  .output(Amount, ({ one }) => ({ n: one.n }));

export const retryAfter = definePipeline('retry-after', Amount)
  .step('one', stumble, ({ input }) => ({ n: input.n }), { retryAfterMs: 200 })
  .output(Amount, ({ one }) => ({ n: one.n }));

export const fallback = definePipeline('fallback', Amount)
  .step('one', refuse, ({ input }) => ({ n: input.n }), {}, { fallback: add })
  .output(Amount, ({ one }) => ({ n: one.n }));

export const fallbackFails = definePipeline('fallback-fails', Amount)
  .step('one', refuse, ({ input }) => ({ n: input.n }), {}, { fallback: stumble })
  .step('two', stumble, ({ one }) => ({ n: one.n }), {}, { attempts: 1, orElse: { n: -1, isLarge: false } })
  .output(Amount, ({ two }) => ({ n: two.n }));

export const orElse = definePipeline('or-else', Amount)
  .step('one', refuse, ({ input }) => ({ n: input.n }), {}, { orElse: { n: 7, isLarge: false } })
  .step('two', add, ({ one }) => ({ n: one.n }))
  .output(Amount, ({ two }) => ({ n: two.n }));

/** Skips its second step for small inputs. */
export const when = definePipeline('when', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .step(
    'two',
    add,
    ({ one }) => ({ n: one.n }),
    {},
    { when: ({ one }) => one.isLarge, orElse: { n: 0, isLarge: false } },
  )
  .output(Amount, ({ two }) => ({ n: two.n }));

/** Takes its first arm for large inputs. */
export const branch = definePipeline('branch', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .branch(
    'chosen',
    Amount,
    ({ one }) => one.isLarge,
    (arm) => arm.step('large', add, ({ one }) => ({ n: one.n }), { by: 100 }).yield(({ large }) => ({ n: large.n })),
    (arm) => arm.step('small', add, ({ one }) => ({ n: one.n }), { by: 200 }).yield(({ small }) => ({ n: small.n })),
  )
  .output(Amount, ({ chosen }) => ({ n: chosen.n }));

const loop = (id: string, whenExhausted: 'keep-last' | 'fail') =>
  definePipeline(id, Amount)
    .repeat('grown', { max: 3, carry: Amount, start: { n: 0 }, whenExhausted }, (round) =>
      round
        .step('more', add, ({ carry }) => ({ n: carry.n }), { by: 4 })
        .step('seen', add, ({ more }) => ({ n: more.n }), { by: 0 })
        .until(
          ({ seen }) => seen.isLarge,
          ({ seen }) => ({ n: seen.n }),
        ),
    )
    .output(z.object({ n: z.int(), rounds: z.int() }), ({ grown }) => ({ n: grown.seen.n, rounds: grown.rounds }));

export const repeat = loop('repeat', 'fail');
export const repeatKeepLast = loop('repeat-keep-last', 'keep-last').variant('short', (edit) =>
  edit.options('grown', { max: 2 }),
);
export const repeatExhausted = loop('repeat-exhausted', 'fail').variant('short', (edit) =>
  edit.options('grown', { max: 2 }),
);

const mapped = (id: string, whenOver: 'truncate' | 'fail') =>
  definePipeline(id, Amount)
    .step('counted', count, ({ input }) => ({ n: input.n }))
    .map(
      'each',
      z.int(),
      ({ counted }) => counted.numbers,
      { max: 4, concurrency: 2, whenOver },
      (item) => item.step('plus', add, ({ item }) => ({ n: item })).yield(({ plus }) => plus.n),
    )
    .output(Amounts, ({ each }) => ({ ns: each }));

export const map = mapped('map', 'fail');
export const mapTruncate = mapped('map-truncate', 'truncate');

/** A loop and a branch for each item. */
export const nested = definePipeline('nested', Amount)
  .step('counted', count, ({ input }) => ({ n: input.n }))
  .map(
    'each',
    z.int(),
    ({ counted }) => counted.numbers,
    { max: 3, concurrency: 3, whenOver: 'fail' },
    (body) =>
      body
        .repeat('grown', { max: 2, carry: Amount, start: { n: 0 }, whenExhausted: 'keep-last' }, (round) =>
          round
            .step('more', add, ({ carry }) => ({ n: carry.n }), { by: 6 })
            .until(
              ({ more }) => more.isLarge,
              ({ more }) => ({ n: more.n }),
            ),
        )
        .branch(
          'chosen',
          z.int(),
          ({ grown }) => grown.more.isLarge,
          (arm) => arm.step('plus', add, ({ item }) => ({ n: item })).yield(({ plus }) => plus.n),
          (arm) => arm.step('same', add, ({ item }) => ({ n: item }), { by: 0 }).yield(({ same }) => same.n),
        )
        .yield(({ chosen }) => chosen),
  )
  .output(Amounts, ({ each }) => ({ ns: each }));

export const inlined = definePipeline('inlined', Amount)
  .use('inner', chain, ({ input }) => ({ n: input.n }))
  .step('after', add, ({ inner }) => ({ n: inner.n }))
  .output(Amount, ({ after }) => ({ n: after.n }));

/** Its answer is known before its last step has begun. */
export const earlyAnswer = definePipeline('early-answer', Amount)
  .step('answered', add, ({ input }) => ({ n: input.n }))
  .step('later', stumble, ({ answered }) => ({ n: answered.n }), { retryAfterMs: 200 })
  .output(Amount, ({ answered }) => ({ n: answered.n }));

export const failed = definePipeline('failed', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .step('two', refuse, ({ one }) => ({ n: one.n }))
  .step('three', add, ({ two }) => ({ n: two.n }))
  .output(Amount, ({ three }) => ({ n: three.n }));

export const timedOut = definePipeline('timed-out', Amount)
  .step('one', wait, ({ input }) => ({ n: input.n }), {}, { timeout: '100 ms' })
  .output(Amount, ({ one }) => ({ n: one.n }));

/** Waits until it is cancelled, or until its deadline. */
export const waiting = definePipeline('waiting', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .step('two', wait, ({ one }) => ({ n: one.n }), {}, { timeout: '1 minute' })
  .output(Amount, ({ two }) => ({ n: two.n }));

/** Spends half a dollar, twice; with less it fails, although its second step has a value in its place. */
export const paid = definePipeline('paid', Amount)
  .step('one', spend, ({ input }) => ({ n: input.n }), { usd: 0.5 })
  .step('two', spend, ({ one }) => ({ n: one.n }), { usd: 0.5 }, { fallback: add, orElse: { n: 0, isLarge: false } })
  .output(Amount, ({ two }) => ({ n: two.n }));

/** Waits for ever, and would have a value in the place of that. */
export const patient = definePipeline('patient', Amount)
  .step('one', wait, ({ input }) => ({ n: input.n }), {}, { timeout: '1 minute', orElse: { n: 0, isLarge: false } })
  .output(Amount, ({ one }) => ({ n: one.n }));

/** Asks for workers that nobody runs. */
export const unserved = definePipeline('unserved', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }), {}, { taskQueue: 'served-by-nobody' })
  .output(Amount, ({ one }) => ({ n: one.n }));

export const largeValue = definePipeline('large-value', Amount)
  .step('text', write, ({ input }) => ({ n: input.n }))
  .step('length', measure, ({ text }) => ({ text: text.text }))
  .output(Amount, ({ length }) => ({ n: length.n }));

/** Above 8 KB, a plan goes into the history without its configs. */
export const largePlan = definePipeline('large-plan', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }), { note: 'n'.repeat(9_000) })
  .output(Amount, ({ one }) => ({ n: one.n }));
