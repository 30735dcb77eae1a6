/**
 * What peeking costs, with 400 looks: how often the engine claims an effect that is not there, and proves a guardrail
 * harmless, or harmed, that is exactly at its margin. Beside it the same for method version 1, and the power of both.
 * Every design has two seeds. A rate of errors is too high where its 99 % Clopper-Pearson lower bound exceeds nominal.
 *
 * npm run bench:peeking [-- --smoke]
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { binomialUpper } from '../../src/stats/distributions.ts';
import type { AnalysisSettings } from '../../src/stats/interim-analysis.ts';
import {
  ALPHA,
  FIXED_HORIZON,
  GUARDRAIL_DESIGNS,
  MARGIN,
  naive,
  PRIMARY_DESIGNS,
  pooling,
  powerOf,
  ramp,
  today,
  UNITS,
} from '../../test/stats/designs.ts';
import {
  type Claims,
  claimRate,
  claimsOf,
  type Design,
  engine,
  guardrail,
  type Panel,
} from '../../test/stats/simulate.ts';
import { type Figure, report } from '../support/report.ts';

const isSmoke = process.argv.includes('--smoke');
const RUNS = isSmoke ? 10 : 5000;
const NAIVE_RUNS = isSmoke ? 10 : 500;
const SEEDS = [1, 2_000_003];
const CONFIDENCE_TAIL = 0.01;
/** Power may be this much below that of version 1, as a part of it. */
const POWER_LOSS = 0.1;
const percent = (share: number): number => 100 * share;

/** One simulation: its panel makes the claims of the engine, and then the same claims of version 1. */
interface Trial {
  readonly name: string;
  readonly claims: readonly string[];
  readonly design: Design;
  readonly panel: Panel;
  /** Trials of errors have a nominal level, those of power none. */
  readonly nominal: number | null;
}

const bothVersions =
  (panelOf: (settings: AnalysisSettings) => Panel, settings: AnalysisSettings): Panel =>
  (seen) => [...panelOf(settings)(seen), ...panelOf(today(settings))(seen)];

const TRIALS: readonly Trial[] = [
  ...PRIMARY_DESIGNS.flatMap(({ name, none, effect, settings }): readonly Trial[] => {
    const panelOf = (design: Design) => bothVersions((each) => (seen) => [engine(design, each)(seen)], settings);
    return [
      { name, claims: ['a difference is claimed'], design: none, panel: panelOf(none), nominal: ALPHA },
      { name, claims: ['the effect is found'], design: effect, panel: panelOf(effect), nominal: null },
    ];
  }),
  ...GUARDRAIL_DESIGNS.flatMap(({ name, atMargin, harmless, harmful, settings }): readonly Trial[] => {
    const trial = (design: Design, place: number | null, claims: readonly string[]): Trial => {
      const panelOf = (each: AnalysisSettings): Panel => {
        const both = guardrail(design, each, MARGIN);
        return place === null ? both : (seen) => [both(seen)[place]!];
      };
      return { name, claims, design, panel: bothVersions(panelOf, settings), nominal: place === null ? ALPHA : null };
    };
    return [
      trial(atMargin, null, ['harm at the margin is proven harmless', 'harm at the margin is rolled back']),
      trial(harmless, 0, ['no harm is proven harmless']),
      trial(harmful, 1, ['harm of 4 points is rolled back']),
    ];
  }),
];

interface Job {
  readonly trial: number;
  readonly seed: number;
}

const simulated = ({ trial, seed }: Job): readonly Claims[] => {
  const { design, panel } = TRIALS[trial]!;
  return claimsOf(design, panel, UNITS, RUNS, seed);
};

/** Plays all jobs, one thread per core. */
async function simulateAll(jobs: readonly Job[]): Promise<readonly (readonly Claims[])[]> {
  const results: (readonly Claims[])[] = [];
  const waiting = [...jobs.entries()];
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [place, job] = next;
        results[place] = await new Promise((resolve, reject) => {
          worker.once('message', resolve).once('error', reject);
          worker.postMessage(job);
        });
        worker.removeAllListeners('error');
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work));
  return results;
}

const BISECTIONS = 60;

/** The one-sided 99 % lower bound of a rate (Clopper and Pearson 1934). */
function lowerBound(count: number, runs: number): number {
  if (count === 0) return 0;
  let [low, high] = [0, count / runs];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    if (binomialUpper(count, runs, middle) < CONFIDENCE_TAIL) low = middle;
    else high = middle;
  }
  return low;
}

const isValid = (count: number): boolean => lowerBound(count, RUNS) <= ALPHA;

/** Rows of one claim in a trial of errors: both seeds, then version 1. */
function errorFigures({ name, claims, nominal }: Trial, seeds: readonly (readonly Claims[])[]): readonly Figure[] {
  return claims.flatMap((claim, index) =>
    seeds.flatMap((counts, seed): readonly Figure[] => {
      const of = (place: number): number => counts[place]!.count;
      return [
        { what: `${name}: ${claim}${seed === 0 ? '' : ', second seed'}`, value: percent(of(index) / RUNS), unit: '%' },
        {
          ...{ what: '  99 % lower bound', value: percent(lowerBound(of(index), RUNS)), unit: '%' },
          asked: { atMost: percent(nominal!) },
        },
        { what: '  method version 1', value: percent(of(index + claims.length) / RUNS), unit: '%' },
      ];
    }),
  );
}

/** Rows of a trial of power, over both seeds; it is asked for where version 1 is valid. */
function powerFigures({ name, claims }: Trial, seeds: readonly (readonly Claims[])[], isAsked: boolean) {
  const mean = (place: number, field: keyof Claims): number =>
    seeds.reduce((sum, counts) => sum + counts[place]![field], 0) / seeds.length;
  const [power, before] = [mean(0, 'count') / RUNS, mean(1, 'count') / RUNS];
  const asked = isAsked ? { asked: { atLeast: Number(percent((1 - POWER_LOSS) * before).toFixed(1)) } } : {};
  const note = isAsked ? '' : ' (not valid there)';
  return [
    { what: `${name}: ${claims[0]}`, value: percent(power), unit: '%', ...asked },
    { what: `  method version 1${note}`, value: percent(before), unit: '%' },
    { what: '  mean units', value: mean(0, 'meanUnits'), unit: 'units' },
    { what: '  mean units of method version 1', value: mean(1, 'meanUnits'), unit: 'units' },
  ] satisfies readonly Figure[];
}

async function main(): Promise<void> {
  const jobs = TRIALS.flatMap((_, trial) => SEEDS.map((seed): Job => ({ trial, seed })));
  const results = await simulateAll(jobs);
  const seedsOf = (trial: number) => SEEDS.map((_, seed) => results[trial * SEEDS.length + seed]!);
  const errors: Figure[] = [];
  const powers: Figure[] = [];
  let wasValid: readonly boolean[] = [];
  let powerTrials = 0;
  for (const [index, trial] of TRIALS.entries()) {
    const seeds = seedsOf(index);
    if (trial.nominal !== null) {
      errors.push(...errorFigures(trial, seeds));
      wasValid = trial.claims.map((_, claim) =>
        seeds.every((counts) => isValid(counts[claim + trial.claims.length]!.count)),
      );
      powerTrials = 0;
    } else {
      powers.push(...powerFigures(trial, seeds, wasValid[powerTrials]!));
      powerTrials += 1;
    }
  }
  const { power, meanUnits } = powerOf(isSmoke ? RUNS : 2000);
  const isMet = [
    report(`Errors over ${RUNS} runs with 400 looks, nominal ${percent(ALPHA)} %`, errors),
    report(`Power over ${SEEDS.length} x ${RUNS} runs of ${UNITS} units`, powers),
    report('An effect of 2 points on a rate of 50 %', [
      { what: 'found within 38,400 units', value: percent(power), unit: '%', asked: { atLeast: 80 } },
      { what: 'mean units / fixed horizon', value: meanUnits / FIXED_HORIZON, unit: 'x', asked: { atMost: 1.15 } },
    ]),
    report(`What ignores the looks, over ${NAIVE_RUNS} A/A runs`, [
      ...PRIMARY_DESIGNS.map(({ name, none }) => ({
        what: `${name}: a t-test at every look`,
        value: percent(claimRate(none, naive, UNITS, NAIVE_RUNS, 2)),
        unit: '%',
      })),
      {
        what: 'the ramp, its stages pooled',
        value: percent(claimRate(ramp, pooling, UNITS, NAIVE_RUNS, 4)),
        unit: '%',
      },
    ]),
  ].every(Boolean);
  // Ten runs prove nothing.
  if (!isMet && !isSmoke) process.exitCode = 1;
}

if (isMainThread) await main();
else parentPort!.on('message', (job: Job) => parentPort!.postMessage(simulated(job)));
