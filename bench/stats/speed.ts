/**
 * Speed of the statistics engine: `npm run bench:stats` prints each job's CPU time, the budget it must keep, and its
 * ratio to a baseline that is timed in the same run, so that figures from different machines can be compared.
 * `--smoke` runs everything once, small, and only checks that it works.
 */
import { gate } from '../../src/stats/gate.ts';
import { type AnalysisMetric, gateIntervals, lookAt } from '../../src/stats/interim-analysis.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import { rankMetrics } from '../../src/stats/ranking.ts';
import { signFlip, signFlips } from '../../src/stats/sign-flip.ts';
import { LOOK_SETTINGS } from '../../test/stats/designs.ts';
import { ownCpuMs } from '../support/cpu.ts';
import { type Figure, report } from '../support/report.ts';
import { median } from '../support/statistics.ts';

interface Job {
  readonly name: string;
  /** Times the work is repeated per round, so that a round takes some milliseconds. */
  readonly repeats: number;
  readonly work: () => number;
  /** The most CPU milliseconds that one piece of work may take. */
  readonly budgetMs: number;
}

const isSmoke = process.argv.includes('--smoke');
const ROUNDS = 15;
const QUERIES = 200;

/** Something every machine does alike: a million steps of floating-point arithmetic. */
const baseline: Job = {
  name: 'baseline: 1,000,000 square roots',
  repeats: 5,
  budgetMs: Number.POSITIVE_INFINITY,
  work: () => {
    let sum = 0;
    for (let step = 1; step <= 1_000_000; step += 1) sum += Math.sqrt(sum + step);
    return sum;
  },
};

function lookJob(random: Random): Job {
  const metrics: readonly AnalysisMetric[] = Array.from({ length: 20 }, (_, index) => ({
    name: `metric ${index}`,
    role: index === 0 ? 'primary' : index < 6 ? 'guardrail' : 'secondary',
    better: index % 2 === 0 ? 'higher' : 'lower',
    kind: index % 3 === 0 ? 'rate' : 'mean',
    margin: index > 0 && index < 6 ? 0.02 : null,
    stages: [
      Array.from({ length: 4 }, () =>
        index % 3 === 0
          ? { n: 5000, successes: 2400 + random.index(200) }
          : { n: 5000, mean: random.uniform(), variance: 0.2 + random.uniform() },
      ),
    ],
    vRef: 1,
  }));
  const rest = {
    breakerTripped: false,
    srmP: 0.4,
    exposureP: 0.4,
    unitsMinArm: 5000,
    minUnits: 50,
    elapsedH: 200,
    minDurationH: 168,
    maxDurationH: 672,
    mde: 0.02,
  };
  return {
    name: 'one look: 20 metrics x 4 arms from moments, with its three gates',
    repeats: 50,
    budgetMs: 1,
    work: () => {
      const rows = lookAt(metrics, LOOK_SETTINGS);
      const verdicts = [1, 2, 3].map((arm) => gate({ ...gateIntervals(rows, arm), ...rest }));
      return rows.length + verdicts.length;
    },
  };
}

function signFlipJob(random: Random): Job {
  const differences = Array.from({ length: 1000 }, () => random.uniform() - 0.49);
  return {
    name: 'sign-flip: 20,000 draws on 1,000 pairs',
    repeats: 1,
    budgetMs: 100,
    work: () => signFlip(differences, { draws: 20_000, seed: 1 }).p ?? Number.NaN,
  };
}

/** What a comparison of many scorers and slices asks for. */
function signFlipsJob(random: Random, pairs: number, budgetMs: number): Job {
  const lists = Array.from({ length: 40 }, () => ({ d: Array.from({ length: pairs }, () => random.uniform() - 0.49) }));
  return {
    name: `sign-flip: ${pairs.toLocaleString('en')} pairs x 40 comparisons`,
    repeats: 1,
    budgetMs,
    work: () => signFlips(lists).reduce((sum, { p }) => sum + (p ?? Number.NaN), 0),
  };
}

function rankJob(random: Random): Job {
  const queries = Array.from({ length: QUERIES }, () => {
    const retrieved = Array.from({ length: 20 }, () => `passage-${random.index(40)}`);
    const relevant = Object.fromEntries(
      Array.from({ length: 5 }, (_, grade) => [`passage-${random.index(40)}`, grade]),
    );
    return { retrieved, relevant: { ...relevant, 'passage-0': 1 } };
  });
  return {
    name: `rank_metrics: ${QUERIES} queries of 20 retrieved at k = 10`,
    repeats: 50,
    // 100,000 queries per second are 0.01 ms each.
    budgetMs: QUERIES * 0.01,
    work: () =>
      queries.reduce((sum, { retrieved, relevant }) => sum + (rankMetrics(retrieved, relevant, 10).ndcg ?? 0), 0),
  };
}

/** The median over rounds of the CPU milliseconds of one piece of work. */
function cpuMsOf(job: Job): number {
  const repeats = isSmoke ? 1 : job.repeats;
  const rounds = Array.from({ length: isSmoke ? 1 : ROUNDS }, () => {
    const startMs = ownCpuMs();
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      if (!Number.isFinite(job.work())) throw new Error(`${job.name}: no result`);
    }
    return (ownCpuMs() - startMs) / repeats;
  });
  return median(rounds);
}

const random = randomFrom(42);
const jobs = [
  lookJob(random),
  signFlipJob(random),
  signFlipsJob(random, 149, 70),
  signFlipsJob(random, 10_000, 300),
  rankJob(random),
];
// A first pass of everything, so that the engine has compiled what it will compile.
for (const job of [baseline, ...jobs]) job.work();
const baselineMs = cpuMsOf(baseline);
const figures = jobs.flatMap((job): readonly Figure[] => {
  const ms = cpuMsOf(job);
  return [
    { what: job.name, value: ms, unit: 'CPU ms', asked: { atMost: job.budgetMs } },
    { what: '  the same in baselines', value: ms / baselineMs, unit: 'x' },
  ];
});
const isMet = report('Statistics', [
  { what: baseline.name, value: baselineMs, unit: 'CPU ms' },
  ...figures,
  { what: 'rank_metrics, queries', value: (1000 * QUERIES) / figures.at(-2)!.value, unit: 'per CPU s' },
]);
// A single cold pass on a busy machine is no measurement.
if (!isMet && !isSmoke) process.exitCode = 1;
