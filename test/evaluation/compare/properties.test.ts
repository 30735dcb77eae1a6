/** What holds of any comparison, whatever the scores. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import type { ComparedMetric, MetricSide } from '../../../src/evaluation/compare/comparison-report.ts';
import { comparedExamples } from '../../../src/evaluation/compare/examples.ts';
import { gateOf } from '../../../src/evaluation/compare/gate.ts';
import { leaderboardOf } from '../../../src/evaluation/compare/leaderboard.ts';
import { noiseFloor } from '../../../src/evaluation/compare/noise-floor.ts';
import { compareMade, type Given, madeSheet, scored, sidesOf } from './made.ts';

const KINDS = ['mean', 'rate', 'win-rate'] as const;
type Kind = (typeof KINDS)[number];
const SCORES: { readonly [kind in Kind]: fc.Arbitrary<number> } = {
  mean: fc.integer({ min: 0, max: 20 }).map((score) => score / 20),
  rate: fc.constantFrom(0, 1),
  'win-rate': fc.constantFrom(0, 0.5, 1),
};
const cellOf = (kind: Kind): fc.Arbitrary<Given> =>
  fc.oneof(
    { weight: 20, arbitrary: SCORES[kind] },
    { weight: 1, arbitrary: fc.constantFrom<Given>('missing', 'failed', 'inapplicable') },
  );

interface Drawn {
  readonly kind: Kind;
  readonly better: 'higher' | 'lower';
  readonly pairs: readonly {
    readonly scores: readonly [Given, Given];
    readonly cluster: string | null;
    readonly tag: boolean;
  }[];
}
const drawn: fc.Arbitrary<Drawn> = fc.constantFrom(...KINDS).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    better: kind === 'win-rate' ? fc.constant('higher' as const) : fc.constantFrom('higher' as const, 'lower' as const),
    pairs: fc.array(
      fc.record({
        scores: fc.tuple(cellOf(kind), cellOf(kind)),
        cluster: fc.constantFrom(null, null, null, 'a', 'b'),
        tag: fc.boolean(),
      }),
      { maxLength: 40 },
    ),
  }),
);

function madeOf({ kind, better, pairs }: Drawn, isClustered = false) {
  const roles = ['primary', 'guardrail', 'secondary'] as const;
  const metrics = roles.map((role) =>
    scored(role, {
      role,
      kind,
      better,
      minimumEffect: role === 'primary' ? 0.1 : null,
      margin: role === 'guardrail' ? 0.1 : null,
    }),
  );
  const given = [0, 1].map((side) => pairs.map(({ scores }) => scores[side]!));
  return {
    metrics,
    scores: { primary: given, guardrail: given, secondary: given },
    examples: (place: number) => ({
      tags: pairs[place]?.tag ? ['tagged'] : [],
      cluster: isClustered ? (pairs[place]?.cluster ?? null) : null,
    }),
  };
}

const strip = ({ side: _, sentences: __, ...numbers }: MetricSide) => numbers;
const runs = (seed: number) => ({ seed, numRuns: 120 });

test('nothing crashes, nothing is NaN, and each sentence is one', () => {
  fc.assert(
    fc.property(drawn, fc.boolean(), (of, isClustered) => {
      const matrix = madeSheet(madeOf(of, isClustered));
      const sides = sidesOf(matrix);
      const report = compareEvaluations({ matrices: [matrix], sides, comparisons: 12 });
      const rows = [...comparedExamples({ matrices: [matrix], baseline: sides[0]!, side: sides[1]! })];
      const all = [report, gateOf(report), rows, leaderboardOf({ matrices: [matrix], sides })];
      // JSON has no NaN and no infinity: they would come back as null.
      for (const part of all) expect(JSON.parse(JSON.stringify(part))).toEqual(part);
      expect(JSON.stringify(all)).not.toMatch(/undefined|NaN|Infinity/);
      expect(rows).toHaveLength(of.pairs.length);
      for (const { verdict, why } of report.metrics.flatMap((metric) => metric.sides)) {
        expect((verdict === null) === (why !== null)).toBe(true);
      }
    }),
    runs(1),
  );
});

test('turned round, effects have the other sign and verdicts the other word', () => {
  const TURNED = { better: 'worse', worse: 'better' } as const;
  fc.assert(
    fc.property(
      drawn.filter(({ kind }) => kind !== 'win-rate'),
      fc.boolean(),
      (of, isClustered) => {
        const matrix = madeSheet(madeOf(of, isClustered));
        const [baseline, variant] = sidesOf(matrix);
        const compare = (...sides: (typeof baseline)[]) =>
          compareEvaluations({ matrices: [matrix], sides: sides.map((side) => side!), comparisons: 1 }).metrics;
        for (const [place, { sides }] of compare(baseline, variant).entries()) {
          const [one, other] = [sides[0]!, compare(variant, baseline)[place]!.sides[0]!];
          const minus = (value: number | null) => (value === null ? null : expect.closeTo(-value, 12));
          expect(other.effect).toEqual({
            diff: minus(one.effect.diff),
            lo: minus(one.effect.hi),
            hi: minus(one.effect.lo),
          });
          expect({ wins: other.wins, losses: other.losses }).toEqual({ wins: one.losses, losses: one.wins });
          const word = one.verdict === 'better' || one.verdict === 'worse' ? TURNED[one.verdict] : one.verdict;
          expect(other.verdict).toBe(word);
        }
      },
    ),
    runs(2),
  );
});

test('a pair that is missing on both sides changes counts, and no number', () => {
  const hole = { scores: ['missing', 'missing'] as const, cluster: null, tag: false };
  fc.assert(
    fc.property(drawn, (of) => {
      const before = compareMade(madeOf(of)).metrics;
      const after = compareMade(madeOf({ ...of, pairs: [...of.pairs, hole] })).metrics;
      for (const [place, { sides }] of before.entries()) {
        const [one, other] = [sides[0]!, after[place]!.sides[0]!];
        const numbers = ({ effect, pairs, units, wins, losses, ties, tests, method }: MetricSide) => ({
          ...{ effect, pairs, units, wins, losses, ties, tests, method },
        });
        expect(numbers(other)).toEqual(numbers(one));
        expect(other.missing.cells).toBe(one.missing.cells + 1);
        expect([one.verdict, null]).toContain(other.verdict);
      }
    }),
    runs(3),
  );
});

test('equal scores are never better, and never worse', () => {
  fc.assert(
    fc.property(drawn, (of) => {
      const pairs = of.pairs.map((pair) => {
        const score = of.kind === 'win-rate' ? 0.5 : pair.scores[0];
        return { ...pair, scores: [score, score] as const };
      });
      const report = compareMade(madeOf({ ...of, pairs }));
      for (const { sides } of report.metrics) expect([null, 'equivalent', 'inconclusive']).toContain(sides[0]!.verdict);
      for (const { verdict } of report.slices) expect([null, 'equivalent', 'inconclusive']).toContain(verdict);
      expect(gateOf(report).status).not.toBe('failed');
    }),
    runs(4),
  );
});

test('the order of the examples changes nothing but the draws of sign-flip', () => {
  fc.assert(
    fc.property(
      drawn.filter(({ pairs }) => pairs.length <= 16),
      (of) => {
        const [one, other] = [of, { ...of, pairs: of.pairs.toReversed() }].map(
          (each) => compareMade(madeOf(each)).metrics,
        );
        for (const [place, { sides }] of one!.entries()) expectClose(strip(sides[0]!), strip(other![place]!.sides[0]!));
      },
    ),
    runs(5),
  );
});

test('more sides make no claim easier', () => {
  fc.assert(
    fc.property(drawn, drawn, (of, more) => {
      const pairs = of.pairs.map((pair, place) => ({ ...pair, third: more.pairs[place]?.scores[1] ?? pair.scores[0] }));
      const alone = compareMade(madeOf(of)).metrics[0]!.sides[0]!;
      const scores = [0, 1].map((side) => pairs.map((pair) => pair.scores[side]!));
      fc.pre(of.kind === more.kind);
      const among = compareMade({
        metrics: [madeOf(of).metrics[0]!],
        scores: { primary: [...scores, pairs.map(({ third }) => third)] },
      }).metrics[0]!.sides[0]!;
      expect(among.pAdjusted ?? 1).toBeGreaterThanOrEqual(alone.pAdjusted ?? 1);
      const isClaim = (verdict: MetricSide['verdict']) => verdict === 'better' || verdict === 'worse';
      if (isClaim(among.verdict)) expect(among.verdict).toBe(alone.verdict);
    }),
    runs(6),
  );
});

test('noise never crashes either', () => {
  fc.assert(
    fc.property(drawn, fc.boolean(), (of, isClustered) => {
      const matrix = madeSheet({
        ...madeOf(of, isClustered),
        variants: ['baseline', 'baseline'],
        change: { ...aaOf(of.pairs.length) },
      });
      const floor = noiseFloor(matrix);
      expect(JSON.parse(JSON.stringify(floor))).toEqual(floor);
      for (const { isDeterministic, differing } of floor.metrics) expect(isDeterministic).toBe(differing === 0);
    }),
    runs(7),
  );
});

const aaOf = (examples: number) => ({
  mode: 'aa' as const,
  dataset: { name: 'questions', version: 'd'.repeat(64), split: null, tag: null, examples },
});

/** Sums in another order differ by rounding, and whole numbers that were rounded up may by one. */
function expectClose(one: unknown, other: unknown): void {
  const round = (key: string, value: unknown) => {
    if (typeof value !== 'number' || key === 'nNeeded') return key === 'nNeeded' ? null : value;
    return Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(9));
  };
  expect(JSON.parse(JSON.stringify(one, round))).toEqual(JSON.parse(JSON.stringify(other, round)));
}

test('what is compared is listed by role', () => {
  const roles = (metrics: readonly ComparedMetric[]) => metrics.map(({ role }) => role);
  const [primary, guardrail, secondary] = madeOf({ kind: 'mean', better: 'higher', pairs: [] }).metrics;
  const scores = { primary: [[], []], guardrail: [[], []], secondary: [[], []] };
  const report = compareMade({ metrics: [secondary!, guardrail!, primary!], scores });
  expect(roles(report.metrics)).toEqual(['primary', 'guardrail', 'secondary']);
});
