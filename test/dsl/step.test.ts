import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { type Duration, durationMs } from '../../src/dsl/refuse.ts';
import { type ConfigOf, defineStep, type InputOf, type OutputOf, stepName } from '../../src/dsl/step.ts';
import { completePolicy } from '../../src/plan/compose.ts';

const policy = { attempts: 3, timeout: '30 seconds' } as const;
const Query = z.object({ query: z.string(), hint: z.string().optional() });
const Hits = z.object({ hits: z.array(z.string()) });
const search = defineStep('search', {
  version: 2,
  input: Query,
  output: Hits,
  config: z.object({ topK: z.number().int().default(8), model: z.string().optional() }),
  effect: 'read',
  policy,
});

describe('defineStep', () => {
  test('a step is its contract, frozen, with its policy in milliseconds', () => {
    expect(search).toMatchObject({
      name: 'search',
      version: 2,
      input: Query,
      output: Hits,
      effect: 'read',
      preset: {},
    });
    expect(search.policy).toEqual({
      attempts: 3,
      timeoutMs: 30_000,
      backoff: { firstMs: 1_000, factor: 2, maxMs: 30_000 },
    });
    expect(stepName(search)).toBe('search@2');
    expect(Object.isFrozen(search) && Object.isFrozen(search.policy)).toBe(true);
  });

  test('the whole policy can be stated', () => {
    const stated = defineStep('stated', {
      version: 1,
      input: Query,
      output: Hits,
      effect: 'read',
      policy: {
        attempts: 2,
        timeout: '1.5 minutes',
        backoff: { first: '250 ms', factor: 3, max: '10 seconds' },
        heartbeat: '20 seconds',
        beats: 'progress',
        taskQueue: 'gpu',
      },
    });
    expect(stated.policy).toEqual({
      attempts: 2,
      timeoutMs: 90_000,
      backoff: { firstMs: 250, factor: 3, maxMs: 10_000 },
      heartbeatMs: 20_000,
      beats: 'progress',
      taskQueue: 'gpu',
    });
  });

  test('.with lays defaults under a config, again and again, and leaves the first step as it was', () => {
    const more = search.with({ topK: 20 }).with({ model: 'local/lexical' });
    expect(more.preset).toEqual({ topK: 20, model: 'local/lexical' });
    expect(search.preset).toEqual({});
    expect(stepName(more)).toBe('search@2');
    // @ts-expect-error a misspelt key
    expect(() => search.with({ topk: 20 })).toThrow("step 'search'.with has no 'topk'");
    // @ts-expect-error the wrong kind
    expect(() => search.with({ topK: 'many' })).toThrow("step 'search'.with, 'topK'");
  });

  test('the types of its parts can be had', () => {
    expectTypeOf<InputOf<typeof search>>().toEqualTypeOf<{ query: string; hint?: string | undefined }>();
    expectTypeOf<OutputOf<typeof search>>().toEqualTypeOf<{ hits: string[] }>();
    expectTypeOf<ConfigOf<typeof search>>().toEqualTypeOf<{ topK: number; model?: string | undefined }>();
    expectTypeOf(search.effect).toEqualTypeOf<'read'>();
    const pure = defineStep('pure', { version: 1, input: Query, output: Hits, effect: 'none', policy });
    expectTypeOf(pure.effect).toEqualTypeOf<'none'>();
    expectTypeOf<ConfigOf<typeof pure>>().toEqualTypeOf<Record<never, never>>();
  });
});

describe('what a contract may not be', () => {
  const contract = { version: 1, input: Query, output: Hits, effect: 'none', policy } as const;
  const refused: readonly [what: string, name: string, change: object, message: string][] = [
    ['no name', '', {}, "a step named '' may hold only letters, digits, '-' and '_'"],
    ['a name with a separator', 'a/b', {}, "a step named 'a/b' may hold only"],
    ['a name of 65', 'x'.repeat(65), {}, 'is 65 characters long'],
    ['version 0', 's', { version: 0 }, "step 's': version is 0"],
    ['a broken version', 's', { version: 1.5 }, "step 's': version is 1.5"],
    ['no attempts', 's', { policy: { timeout: '1 second' } }, "step 's': policy has no attempts"],
    ['no timeout', 's', { policy: { attempts: 1 } }, "step 's': policy has no timeout"],
    ['0 attempts', 's', { policy: { ...policy, attempts: 0 } }, "step 's': policy: attempts is 0"],
    ['101 attempts', 's', { policy: { ...policy, attempts: 101 } }, "step 's': policy: attempts is 101"],
    ['two days', 's', { policy: { ...policy, timeout: '2 days' } }, "step 's': policy: timeout is '2 days'"],
    ['30s', 's', { policy: { ...policy, timeout: '30s' } }, "timeout is '30s', which is no duration"],
    ['an unknown policy', 's', { policy: { ...policy, retries: 2 } }, "step 's': policy has no 'retries'"],
    ['no policy', 's', { policy: null }, "step 's': policy is null"],
    [
      'factor 0',
      's',
      { policy: { ...policy, backoff: { first: '1 second', factor: 0, max: '1 second' } } },
      'backoff.factor is 0',
    ],
    [
      'max < first',
      's',
      { policy: { ...policy, backoff: { first: '2 seconds', factor: 1, max: '1 second' } } },
      'backoff.max is shorter',
    ],
    ['beats', 's', { policy: { ...policy, beats: 'drum' } }, "beats is 'drum'"],
    ['effect', 's', { effect: 'some' }, "step 's': effect is 'some'"],
    ['an effect of old', 's', { effect: 'external' }, "step 's': effect is 'external'"],
    ['no effect', 's', { effect: undefined }, "step 's' declares no effect"],
    [
      'a dry run of what only reads',
      's',
      { effect: 'read', dryRun: { hits: [] } },
      "step 's': dryRun is given, but its",
    ],
    ['a dry run of another shape', 's', { effect: 'write', dryRun: { hits: 1 } }, "step 's': dryRun: "],
    ['a dry run with more', 's', { effect: 'write', dryRun: { hits: [], more: 1 } }, "step 's': dryRun has no 'more'"],
    ['no object', 's', { input: z.string() }, "step 's': input is no z.object({ ... })"],
  ];
  test.each(refused)('%s', (_what, name, change, message) => {
    expect(() => defineStep(name, { ...contract, ...change })).toThrow(message);
  });
});

describe('step schemas are JSON-faithful', () => {
  const refused: readonly [path: string, kind: string, shape: z.ZodRawShape][] = [
    ['.a', 'any', { a: z.any() }],
    ['.a[].b', 'unknown', { a: z.array(z.object({ b: z.unknown() })) }],
    ['.a', 'file', { a: z.file().optional() }],
    ['.a', 'promise', { a: z.promise(z.string()) }],
    ['.a', 'preprocess', { a: z.preprocess(String, z.string()) }],
    ['.a.b', 'coerce', { a: z.object({ b: z.coerce.number() }).nullable() }],
    ['.a', 'coerce', { a: z.coerce.string().default('x') }],
    ['.a|1', 'codec', { a: z.union([z.string(), z.stringbool()]) }],
    ['.a[0]', 'codec', { a: z.tuple([z.codec(z.string(), z.number(), { decode: Number, encode: String })]) }],
    ['.a[]', 'transform', { a: z.record(z.string(), z.string().transform(Number)) }],
    ['.a', 'transform', { a: z.lazy(() => z.string().transform(Number)) }],
    ['.a', 'date', { a: z.date() }],
    ['.a', 'bigint', { a: z.bigint().catch(1n) }],
    ['.a', 'map', { a: z.map(z.string(), z.string()) }],
    ['.a', 'set', { a: z.set(z.string()).readonly() }],
    ['.a', 'custom', { a: z.custom<string>() }],
    ['.a', 'undefined', { a: z.undefined() }],
    ['.a[other keys]', 'unknown', { a: z.looseObject({}) }],
    ['.a.b', 'any', { a: z.object({}).and(z.object({ b: z.any() })) }],
  ];
  test.each(refused)('%s is refused for z.%s', (path, kind, shape) => {
    for (const part of ['input', 'output', 'config'] as const) {
      const contract = {
        version: 1,
        input: Query,
        output: Hits,
        effect: 'none' as const,
        policy,
        [part]: z.object(shape),
      };
      expect(() => defineStep('s', contract)).toThrow(`step 's': ${part}${path} uses z.${kind}: `);
    }
  });

  test('what JSON holds is accepted, also when it contains itself', () => {
    const Tree = z.object({
      name: z.string().trim().min(1),
      get children() {
        return z.array(Tree);
      },
      kind: z.enum(['a', 'b']).nullable(),
      at: z.iso.datetime().optional(),
      tags: z.record(z.string(), z.int()).default({}),
      either: z.discriminatedUnion('t', [
        z.object({ t: z.literal('x') }),
        z.object({ t: z.literal('y'), n: z.number() }),
      ]),
      pair: z.tuple([z.string(), z.boolean()]).readonly(),
    });
    expect(() => defineStep('tree', { version: 1, input: Tree, output: Tree, effect: 'read', policy })).not.toThrow();
  });

  test('what can be left out of an object cannot be left out of a list', () => {
    const output = z.object({ list: z.array(z.string().optional()) });
    expect(() => defineStep('s', { version: 1, input: Query, output, effect: 'read', policy })).toThrow(
      "step 's': output.list[] is optional, but only a field can be left out of JSON",
    );
  });

  test('field names that plans use themselves are refused', () => {
    const config = z.object({ $config: z.string() });
    expect(() => defineStep('s', { version: 1, input: Query, output: Hits, config, effect: 'read', policy })).toThrow(
      "named '$config'",
    );
  });
});

describe('durations', () => {
  test.each<[Duration, number]>([
    ['1 ms', 1],
    ['250 ms', 250],
    ['1 second', 1_000],
    ['30 seconds', 30_000],
    ['1.5 minutes', 90_000],
    ['2 hours', 7_200_000],
    ['1 day', 86_400_000],
  ])('%s', (written, length) => expect(durationMs(written, 'x')).toBe(length));

  test.each([undefined, 30, '', '30', '30s', '30  seconds', '-1 second', '1e3 seconds', '1 week'])(
    '%s is none',
    (written) => {
      expect(() => durationMs(written, 'timeout')).toThrow('which is no duration');
    },
  );
  test.each(['0 ms', '0.2 ms', '1.01 days', '9999 hours'])('%s is outside the limit', (written) => {
    expect(() => durationMs(written, 'timeout')).toThrow(`timeout is '${written}'`);
  });
});

describe('completePolicy', () => {
  const base = {
    attempts: 1,
    timeoutMs: 2_000,
    backoff: { firstMs: 1, factor: 2, maxMs: 9 },
    lane: 'activity',
  } as const;
  test('an attempt above two seconds has a heartbeat, at most its timeout, on a timer', () => {
    expect(completePolicy(base)).toEqual(base);
    expect(completePolicy({ ...base, timeoutMs: 2_001 })).toEqual({
      ...base,
      timeoutMs: 2_001,
      heartbeatMs: 2_001,
      beats: 'timer',
    });
    expect(completePolicy({ ...base, timeoutMs: 60_000 })).toMatchObject({ heartbeatMs: 5_000, beats: 'timer' });
    expect(completePolicy({ ...base, timeoutMs: 60_000, heartbeatMs: 9_000 })).toMatchObject({ heartbeatMs: 9_000 });
    expect(completePolicy({ ...base, beats: 'progress' })).toMatchObject({ heartbeatMs: 2_000, beats: 'progress' });
  });
  test('the local lane has neither heartbeat nor queue', () => {
    const local = completePolicy({
      ...base,
      timeoutMs: 60_000,
      heartbeatMs: 1,
      beats: 'timer',
      taskQueue: 'q',
      lane: 'local',
    });
    expect(local).toEqual({ ...base, timeoutMs: 60_000, lane: 'local' });
  });
  test('completing twice changes nothing', () => {
    const once = completePolicy({ ...base, timeoutMs: 60_000, taskQueue: 'q' });
    expect(completePolicy(once)).toEqual(once);
  });
});
