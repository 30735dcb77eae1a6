/** What must hold for any data: symmetry, scale, nesting of levels, and one answer from interval and p-value. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerLine } from '../../src/stats/stats-case.ts';

type Answer = Readonly<Record<string, number | null>> & { readonly status: string };

const ask = (kind: string, input: unknown): Answer => JSON.parse(answerLine(JSON.stringify({ kind, input })));

// Values on a grid: far apart enough that rounding does not decide, close enough that ties happen.
const value = fc.integer({ min: -400, max: 400 }).map((step) => step / 16);
const values = fc.array(value, { minLength: 2, maxLength: 25 });
const pairs = fc
  .array(fc.tuple(value, value), { minLength: 2, maxLength: 25 })
  .map((rows) => ({ control: rows.map(([a]) => a), treatment: rows.map(([, b]) => b) }));
const arms = fc.record({ control: values, treatment: values });
const count = fc.integer({ min: 2, max: 5000 });
const summaries = fc.record({
  n0: count,
  mean0: value,
  var0: fc.integer({ min: 0, max: 900 }).map((step) => step / 16),
  n1: count,
  mean1: value,
  var1: fc.integer({ min: 0, max: 900 }).map((step) => step / 16),
});
const rates = fc
  .tuple(count, count, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n0, n1, p0, p1]) => ({ x0: Math.floor(n0 * p0), n0, x1: Math.floor(n1 * p1), n1 }));
const alphas = fc.constantFrom(0.001, 0.01, 0.05, 0.1, 0.2);
const runs = (seed: number) => ({ seed, numRuns: 200 });

/** How a two-arm method's input looks with its arms exchanged. */
function swapped(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const exchange = (name: string): string => {
    if (name === 'control') return 'treatment';
    if (name === 'treatment') return 'control';
    return name.replace(/[01]$/, (digit) => (digit === '0' ? '1' : '0'));
  };
  return Object.fromEntries(Object.entries(input).map(([name, item]) => [exchange(name), item]));
}

function expectClose(got: number | null, wanted: number | null): void {
  if (got === null || wanted === null) expect(got).toBe(wanted);
  else expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));
}

const negated = (number: number | null): number | null => (number === null ? null : -number);

interface TwoArmMethod {
  readonly kind: string;
  readonly inputs: fc.Arbitrary<Readonly<Record<string, unknown>>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

const twoArm: readonly TwoArmMethod[] = [
  { kind: 'welch', inputs: arms, settings: {} },
  { kind: 'welch_summary', inputs: summaries, settings: {} },
  { kind: 'paired_t', inputs: pairs, settings: {} },
  { kind: 'asymp_cs_mean', inputs: summaries, settings: { n_star: 5000 } },
  { kind: 'asymp_cs_binary', inputs: rates, settings: { n_star: 5000 } },
  { kind: 'two_proportion', inputs: rates, settings: {} },
];

describe.each(twoArm)('$kind', ({ kind, inputs, settings }) => {
  test('swapping the arms negates the difference and mirrors the interval', () => {
    fc.assert(
      fc.property(inputs, alphas, (input, alpha) => {
        const there = ask(kind, { ...input, ...settings, alpha });
        const back = ask(kind, { ...swapped(input), ...settings, alpha });
        expect(back.status).toBe(there.status);
        expectClose(back.diff!, negated(there.diff!));
        expectClose(back.ci_lo!, negated(there.ci_hi!));
        expectClose(back.ci_hi!, negated(there.ci_lo!));
        expectClose(back.p!, there.p!);
      }),
      runs(10),
    );
  });

  test('a stricter alpha gives an interval around the looser one', () => {
    fc.assert(
      fc.property(inputs, alphas, alphas, (input, a, b) => {
        const strict = ask(kind, { ...input, ...settings, alpha: Math.min(a, b) });
        const loose = ask(kind, { ...input, ...settings, alpha: Math.max(a, b) });
        if (strict.ci_lo === null) expect(loose.ci_lo).toBeNull();
        else {
          expect(strict.ci_lo).toBeLessThanOrEqual(loose.ci_lo!);
          expect(strict.ci_hi).toBeGreaterThanOrEqual(loose.ci_hi!);
        }
      }),
      runs(11),
    );
  });
});

describe.each(twoArm.filter(({ kind }) => kind !== 'two_proportion'))('$kind', ({ kind, inputs, settings }) => {
  test('the interval excludes 0 exactly when p is below alpha', () => {
    fc.assert(
      fc.property(inputs, alphas, (input, alpha) => {
        const { ci_lo, ci_hi, p } = ask(kind, { ...input, ...settings, alpha });
        if (ci_lo === null || p === null || Math.abs(p! - alpha) < 1e-9) return;
        expect(ci_lo! > 0 || ci_hi! < 0).toBe(p! < alpha);
      }),
      runs(12),
    );
  });
});

test.each([['welch', arms] as const, ['paired_t', pairs] as const])(
  '%s: scaling the values scales difference and interval, and leaves p',
  (kind, inputs) => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(-8, -0.5, 0.25, 2, 64), (input, factor) => {
        const scale = (list: readonly number[]): number[] => list.map((item) => item * factor);
        const plain = ask(kind, { ...input, alpha: 0.05 });
        const scaled = ask(kind, {
          control: scale(input.control),
          treatment: scale(input.treatment),
          alpha: 0.05,
        });
        expect(scaled.status).toBe(plain.status);
        if (plain.status !== 'ok') return;
        expectClose(scaled.diff!, plain.diff! * factor);
        expectClose(scaled.p!, plain.p!);
        expectClose(scaled.ci_hi! - scaled.ci_lo!, (plain.ci_hi! - plain.ci_lo!) * Math.abs(factor));
      }),
      runs(13),
    );
  },
);

test('sign-flip: scale, sign and order of the differences leave the exact p', () => {
  const d = fc.array(value, { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(d, fc.constantFrom(-4, 0.125, 16), (list, factor) => {
      const plain = ask('sign_flip', { d: list }).p!;
      expect(ask('sign_flip', { d: list.map((item) => item * factor) }).p).toBe(plain);
      expect(ask('sign_flip', { d: list.toReversed() }).p).toBe(plain);
      expect(plain).toBeGreaterThanOrEqual(2 / 2 ** list.length);
      expect(plain).toBeLessThanOrEqual(1);
    }),
    runs(14),
  );
});

test('stages: one stage says what the two arms say, and their order does not matter', () => {
  fc.assert(
    fc.property(summaries, summaries, (first, second) => {
      const settings = { alpha: 0.05, n_star: 4000, v_ref: 9 };
      const forth = ask('stage_cs', { ...settings, stages: [first, second] });
      const back = ask('stage_cs', { ...settings, stages: [second, first] });
      for (const field of ['diff', 'se', 'ci_lo', 'ci_hi', 'n_used']) expectClose(back[field]!, forth[field]!);
      const single = ask('stage_cs', { ...settings, stages: [first] });
      const plain = ask('asymp_cs_mean', { ...first, alpha: 0.05, n_star: 4000 });
      expectClose(single.diff!, plain.diff!);
      expectClose(single.se!, plain.se!);
    }),
    runs(15),
  );
});

test('the one-sided bound is nearer than the two-sided limit, on its own side', () => {
  const input = fc.record({
    diff: value,
    se: fc.integer({ min: 1, max: 99 }).map((step) => step / 32),
    n: fc.integer({ min: 50, max: 100_000 }),
    alpha: fc.constantFrom(0.01, 0.05, 0.1),
    n_star: fc.constantFrom(500, 5000, 50_000),
  });
  fc.assert(
    fc.property(input, (settings) => {
      const lower = ask('asymp_cs_one_sided', { ...settings, side: 'lower' }).bound!;
      const upper = ask('asymp_cs_one_sided', { ...settings, side: 'upper' }).bound!;
      expectClose(lower + upper, 2 * settings.diff);
      expect(lower).toBeLessThan(settings.diff);
      expect(upper).toBeGreaterThan(settings.diff);
    }),
    runs(16),
  );
});

test('rank metrics lie in [0, 1], are 1 for a perfect ranking, and never gain from a worse place', () => {
  const query = fc
    .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })
    .filter((grades) => grades.some((grade) => grade > 0));
  fc.assert(
    fc.property(query, fc.integer({ min: 1, max: 12 }), fc.constantFrom('linear', 'exp'), (grades, k, gain) => {
      const relevant = Object.fromEntries(grades.map((grade, index) => [`d${index}`, grade]));
      const perfect = Object.keys(relevant).sort((a, b) => relevant[b]! - relevant[a]!);
      const best = ask('rank_metrics', { retrieved: perfect, relevant, k, gain });
      const worst = ask('rank_metrics', { retrieved: perfect.toReversed(), relevant, k, gain });
      expectClose(best.ndcg!, 1);
      expect(best.mrr).toBe(1);
      for (const field of ['recall', 'precision', 'hit', 'mrr', 'ap', 'ndcg']) {
        expect(worst[field]).toBeGreaterThanOrEqual(0);
        expect(worst[field]!).toBeLessThanOrEqual(best[field]! + 1e-12);
        expect(best[field]!).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
    runs(17),
  );
});

test('the Bernstein sequence holds its mean and nests by alpha', () => {
  const list = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(list, (x) => {
      const strict = ask('prpl_eb', { x, alpha: 0.01 });
      const loose = ask('prpl_eb', { x, alpha: 0.2 });
      expect(strict.lo).toBeGreaterThanOrEqual(0);
      expect(strict.hi).toBeLessThanOrEqual(1);
      expect(strict.lo!).toBeLessThanOrEqual(loose.lo! + 1e-12);
      expect(strict.hi!).toBeGreaterThanOrEqual(loose.hi! - 1e-12);
    }),
    runs(18),
  );
});

test('the chance of being best adds up to 1', () => {
  const arm = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }));
  fc.assert(
    fc.property(fc.array(arm, { minLength: 1, maxLength: 4 }), (list) => {
      const prob = ask('prob_best', { arms: list, prior: [0.5, 0.5] }).prob as unknown as readonly number[];
      expectClose(
        prob.reduce((sum, share) => sum + share, 0),
        1,
      );
    }),
    { seed: 19, numRuns: 30 },
  );
});

test('no answer to anything holds NaN or an infinity', () => {
  const wild = fc.oneof(
    fc.double(),
    fc.constantFrom(0, 1, 2, 1e308, -1e308, 5e-324, 0.05),
    fc.array(fc.double(), { maxLength: 4 }),
  );
  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ['two_proportion', ['x0', 'n0', 'x1', 'n1', 'alpha']],
    ['welch', ['control', 'treatment', 'alpha']],
    ['welch_summary', ['n0', 'mean0', 'var0', 'n1', 'mean1', 'var1', 'alpha']],
    ['relative_lift', ['n0', 'mean0', 'var0', 'n1', 'mean1', 'var1', 'alpha']],
    ['paired_t', ['control', 'treatment', 'alpha']],
    ['asymp_cs', ['diff', 'se', 'n', 'alpha', 'n_star']],
    ['asymp_cs_mean', ['n0', 'mean0', 'var0', 'n1', 'mean1', 'var1', 'alpha', 'n_star']],
    ['breaker', ['s', 'n', 'p0', 'a', 'b']],
    ['cuped', ['y0', 'x0', 'y1', 'x1', 'alpha']],
    ['ratio_delta', ['num0', 'den0', 'num1', 'den1', 'alpha']],
    ['sequential_n', ['delta', 'v', 'alpha', 'power']],
    ['sample_size', ['delta', 'sd0', 'sd1', 'alpha', 'power', 'ratio']],
    ['moments', ['x']],
    ['ppi_mean', ['y', 'yhat', 'yhat_unlabeled', 'alpha']],
    ['sign_flip', ['d']],
    ['srm_sequential', ['counts', 'weights', 'k']],
    ['same_rate_sequential', ['x', 'n']],
  ];
  const write = (item: unknown): string =>
    Array.isArray(item) ? `[${item.map(write).join(',')}]` : String(item as number);
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.array(wild, { minLength: 8, maxLength: 8 }), ([kind, fields], items) => {
      const input = fields.map((field, index) => `"${field}":${write(items[index])}`).join(',');
      const line = answerLine(`{"id":1,"kind":"${kind}","input":{${input}}}`);
      // JSON has no word for them, so a number that is not finite would show as a null under status ok.
      const { status, ...rest } = JSON.parse(line);
      if (status !== 'ok') return;
      const nullable = kind === 'two_proportion' ? ['z'] : kind === 'ratio_delta' ? ['rel', 'rel_se'] : ['log_e'];
      for (const [field, item] of Object.entries(rest)) if (!nullable.includes(field)) expect(item).not.toBeNull();
    }),
    { seed: 20, numRuns: 4000 },
  );
});
