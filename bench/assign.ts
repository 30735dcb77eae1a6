/**
 * Assignment of units to arms. Speed: units assigned per second of CPU time, compared with SHA-256 of the same texts and
 * with a loop that every machine runs alike. Balance: whether a million units of each shape are split as planned, and
 * whether 20 experiments are independent of each other.
 *
 * npm run bench:assign [-- --smoke]
 */
import { hash } from 'node:crypto';
import { compileAssignable } from '../src/model/assign.ts';
import { balanceP, experimentOf, movedBy, pairPs, SHAPES, SPLITS, unitsOf } from '../test/experiment/assign-figures.ts';
import { ownCpuMs } from './support/cpu.ts';
import { type Figure, report } from './support/report.ts';
import { median } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const UNITS = isSmoke ? 20_000 : 1_000_000;
const EXPERIMENTS = 20;
const ROUNDS = isSmoke ? 3 : 9;
/** Units per round of the measurement of speed: enough for some hundredths of a second. */
const ROUND = isSmoke ? 20_000 : 200_000;
const LEAST_P = 0.001;
const PER_SECOND = 2_000_000;
const RAMP = [0.01, 0.05, 0.25, 0.5, 1];

const cpuMsOf = (work: () => void): number => {
  const startMs = ownCpuMs();
  work();
  return ownCpuMs() - startMs;
};

/** Ids of all shapes in turn, since a program meets one kind, and a compiled loop should not know which. */
function speed(): readonly Figure[] {
  const shapes = SHAPES.map((shape) => unitsOf(shape, ROUND / SHAPES.length));
  const units = shapes[0]!.flatMap((_, index) => shapes.map((ids) => ids[index]!));
  const assigned = compileAssignable(experimentOf('answer-length'));
  let seen = 0;
  const works = {
    assign: () => {
      for (const unit of units) if (assigned(unit)!.arm === 'arm-0') seen += 1;
    },
    sha256: () => {
      for (const unit of units)
        for (const part of ['share', 'arm'])
          seen += Number.parseInt(hash('sha256', `answer-length.${part}:${unit}`).slice(0, 8), 16) & 1;
    },
    roots: () => {
      for (let step = 1; step <= 1_000_000; step += 1) seen += Math.sqrt(seen + step);
    },
  };
  const ms = { assign: [] as number[], sha256: [] as number[], roots: [] as number[] };
  for (const work of Object.values(works)) work();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of ['assign', 'sha256', 'roots'] as const) ms[name].push(cpuMsOf(works[name]));
  if (!(seen > 0)) throw new Error('nothing was assigned');
  const perSecond = (count: number, taken: readonly number[]) => (1_000 * count) / median(taken);
  return [
    { what: 'baseline: 1,000,000 square roots', value: median(ms.roots), unit: 'CPU ms' },
    {
      what: 'TypeScript, share and arm',
      value: perSecond(ROUND, ms.assign) / 1e6,
      unit: 'M/CPU s',
      // A few rounds on a busy machine are no measurement of speed.
      ...(!isSmoke && { asked: { atLeast: PER_SECOND / 1e6 } }),
    },
    {
      what: '  1,000,000 units in baselines',
      value: (1e6 / ROUND) * (median(ms.assign) / median(ms.roots)),
      unit: 'x',
    },
    { what: '  SHA-256 of the same', value: perSecond(ROUND, ms.sha256) / 1e6, unit: 'M/CPU s' },
  ];
}

function draws(): readonly Figure[] {
  const ps: number[] = [];
  let moved = 0;
  for (const shape of SHAPES) {
    const units = unitsOf(shape, UNITS);
    moved += movedBy(RAMP, units);
    for (const weights of SPLITS)
      ps.push(balanceP(experimentOf(`bench-${ps.length}`, { range: [0, 0.8] }, [...weights]), units));
  }
  const pairs = pairPs(EXPERIMENTS, unitsOf('sequential', UNITS));
  const asked = { atLeast: LEAST_P };
  return [
    { what: `smallest p of ${ps.length}: shapes by splits`, value: Math.min(...ps), unit: '', asked },
    { what: `smallest p of ${pairs.length} pairs of experiments`, value: Math.min(...pairs), unit: '' },
    // Of so many, one below the bound is no wonder.
    { what: '  times their number', value: pairs.length * Math.min(...pairs), unit: '', asked },
    {
      what: '  of them below .05',
      value: (100 * pairs.filter((p) => p < 0.05).length) / pairs.length,
      unit: '%',
      asked: { atMost: 10 },
    },
    { what: `units a ramp of ${RAMP.length} stages moved`, value: moved, unit: '', asked: { atMost: 0 } },
  ];
}

const isMet = report(`Assignment: ${UNITS.toLocaleString('en')} units of each shape`, [...speed(), ...draws()]);
if (!isMet) process.exitCode = 1;
