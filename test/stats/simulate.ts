/**
 * A live experiment in miniature: units arrive one by one, are assigned, mature at once, and every 50 of them somebody
 * looks. Seeded, so that a rate of false positives is the same number on every machine.
 */

import { type ArmState, type LookMetric, type LookSettings, lookAt } from '../../src/stats/look.ts';
import { type Moments, mergeMoments, momentsOf, summaryOf } from '../../src/stats/moments.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';

const LOOK_EVERY = 50;

export interface Design {
  readonly kind: LookMetric['kind'];
  /** P(arm 1) for the unit at a position in 0..1 of the experiment. */
  readonly share: (position: number) => number;
  /** The unit's frozen value. */
  readonly value: (random: Random, arm: 0 | 1, position: number) => number;
  /** Where stages begin, as positions; `stage_cs` keeps them apart. */
  readonly stageStarts?: readonly number[];
  readonly vRef?: number;
}

/** What the analyst knows at a look: both arms, per stage. */
export type Seen = readonly (readonly [Moments, Moments])[];

/** Whether the analyst would claim a difference. */
export type Analyst = (seen: Seen) => boolean;

/** The first number of units at which the analyst claims a difference, or null if that never happens. */
export function firstClaim(design: Design, analyst: Analyst, units: number, random: Random): number | null {
  const starts = design.stageStarts ?? [0];
  const seen: [Accumulator, Accumulator][] = [];
  for (let unit = 0; unit < units; unit += 1) {
    const position = unit / units;
    if (seen.length < starts.length && position >= starts[seen.length]!) {
      seen.push([new Accumulator(), new Accumulator()]);
    }
    const arm = random.uniform() < design.share(position) ? 1 : 0;
    seen.at(-1)![arm].add(design.value(random, arm, position));
    const isLook = (unit + 1) % LOOK_EVERY === 0;
    if (isLook && analyst(seen)) return unit + 1;
  }
  return null;
}

/** Welford's update in place: the same numbers as `momentsOf`, without a list. */
class Accumulator implements Moments {
  n = 0;
  mean = 0;
  m2 = 0;
  add(value: number): void {
    this.n += 1;
    const before = value - this.mean;
    this.mean += before / this.n;
    this.m2 += before * (value - this.mean);
  }
}

/** Share of runs with any claim, over runs that differ by their seed only. */
export function claimRate(design: Design, analyst: Analyst, units: number, runs: number, seed: number): number {
  let claims = 0;
  for (let run = 0; run < runs; run += 1) {
    if (firstClaim(design, analyst, units, randomFrom(seed + run * 7919)) !== null) claims += 1;
  }
  return claims / runs;
}

/** The most false positives that a valid method shows, but for one simulation in a hundred. */
export const falsePositiveBound = (alpha: number, runs: number): number =>
  alpha + 2.33 * Math.sqrt((alpha * (1 - alpha)) / runs);

/** The engine as an analyst: one look with burn-in and floors, and a claim when the primary's interval excludes 0. */
export function engine(design: Design, settings: LookSettings): Analyst {
  return (seen) => {
    const stages = seen.map((arms) => arms.map((moments) => stateOf(design, moments)));
    const metric: LookMetric = {
      name: 'outcome',
      role: 'primary',
      better: 'higher',
      kind: design.kind,
      margin: null,
      stages,
      vRef: design.vRef ?? 1,
    };
    const { lo, hi } = lookAt([metric], settings)[0]!.oriented;
    return lo !== null && hi !== null && (lo > 0 || hi < 0);
  };
}

function stateOf({ kind }: Design, moments: Moments): ArmState {
  return kind === 'rate' ? { n: moments.n, successes: Math.round(moments.n * moments.mean) } : summaryOf(moments);
}

/** All stages of an arm thrown together. */
export function pooled(seen: Seen, arm: 0 | 1): Moments {
  return seen.map((arms) => arms[arm]).reduce(mergeMoments, momentsOf([]));
}
