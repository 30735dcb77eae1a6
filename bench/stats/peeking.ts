/**
 * What peeking costs: false positives of the engine in six A/A designs with 400 looks each, beside a t-test at every
 * look, and the power and stopping time for a real effect. The same simulations as in the tests, with more runs.
 *
 * npm run bench:peeking [-- --smoke]
 */
import { AA_DESIGNS, ALPHA, FIXED_HORIZON, naive, pooling, powerOf, ramp, UNITS } from '../../test/stats/designs.ts';
import { claimRate, engine, falsePositiveBound } from '../../test/stats/simulate.ts';
import { type Figure, report } from '../support/report.ts';

const isSmoke = process.argv.includes('--smoke');
const RUNS = isSmoke ? 20 : 2000;
const NAIVE_RUNS = isSmoke ? 20 : 500;
const percent = (share: number): number => 100 * share;

const bound = percent(falsePositiveBound(ALPHA, RUNS));
const figures = AA_DESIGNS.flatMap(([name, design, settings]): readonly Figure[] => [
  {
    what: name,
    value: percent(claimRate(design, engine(design, settings), UNITS, RUNS, 1)),
    unit: '%',
    asked: { atMost: Number(bound.toFixed(2)) },
  },
  {
    what: '  a t-test at every look',
    value: percent(claimRate(design, naive, UNITS, NAIVE_RUNS, 2)),
    unit: '%',
  },
]);
const pooledRamp = percent(claimRate(ramp, pooling, UNITS, NAIVE_RUNS, 4));
const { power, meanUnits } = powerOf(RUNS);

const isMet = [
  report(`False positives over ${RUNS} A/A runs with 400 looks, nominal ${percent(ALPHA)} %`, [
    ...figures,
    { what: 'the ramp, its stages pooled', value: pooledRamp, unit: '%' },
  ]),
  report('An effect of 2 points on a rate of 50 %', [
    { what: 'found within 38,400 units', value: percent(power), unit: '%', asked: { atLeast: 80 } },
    { what: 'mean units / fixed horizon', value: meanUnits / FIXED_HORIZON, unit: 'x', asked: { atMost: 1.15 } },
  ]),
].every(Boolean);
// Twenty runs prove nothing.
if (!isMet && !isSmoke) process.exitCode = 1;
