/**
 * What a judge that favours one side does to a comparison, and what labels on some of the examples make of it: how often
 * 95 % intervals hold the truth, and how wide they are. The same simulations as in the tests, with more runs.
 *
 * npm run bench:judges [-- --smoke]
 */
import {
  type Analyst,
  BIASED,
  byLabels,
  coverageOf,
  DESIGNS,
  type Design,
  naive,
  ppi,
  rogan,
  roganPooled,
} from '../test/evaluation/calibration/designs.ts';
import { type Figure, report } from './support/report.ts';

const isSmoke = process.argv.includes('--smoke');
const RUNS = isSmoke ? 50 : 4_000;

function figure(what: string, design: Design, analyst: Analyst, asked?: Figure['asked']): readonly Figure[] {
  const { share, width } = coverageOf(design, analyst, RUNS, 1);
  return [
    { what, value: 100 * share, unit: '%', ...(asked && { asked }) },
    { what: '  mean width', value: 100 * width, unit: 'points' },
  ];
}

const isMet = [
  report(`A judge that gives one side 15 points more, no true effect, 100 of 500 examples labelled, ${RUNS} runs`, [
    ...figure('the judge alone', BIASED, naive, { atMost: 60 }),
    ...figure('the labels alone', BIASED, byLabels),
    ...figure('judge and labels (PPI++)', BIASED, ppi, { atLeast: 94 }),
    ...figure('error rates of either side (Rogan and Gladen)', BIASED, rogan, { atLeast: 94 }),
    ...figure('error rates of both together: not used where they differ', BIASED, roganPooled),
  ]),
  report(
    'Judge and labels (PPI++), elsewhere',
    DESIGNS.flatMap(([name, design]) => figure(name, design, ppi, { atLeast: 94 })),
  ),
].every(Boolean);
// Fifty runs prove nothing.
if (!isMet && !isSmoke) process.exitCode = 1;
