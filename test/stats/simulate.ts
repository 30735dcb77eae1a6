/**
 * A live experiment in miniature: units arrive one by one, are assigned, mature at once, and every 50 of them somebody
 * looks. Seeded, so that a rate of false positives is the same number on every machine.
 */

import type { MaybeInterval } from '../../src/stats/gate.ts';
import { type AnalysisMetric, type AnalysisSettings, type ArmState, lookAt } from '../../src/stats/interim-analysis.ts';
import { type Moments, summaryOf } from '../../src/stats/moments.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';

const LOOK_EVERY = 50;

export interface Design {
  readonly kind: AnalysisMetric['kind'];
  /** P(arm 1) for the unit at a position in 0..1 of the experiment. */
  readonly share: (position: number) => number;
  /** The unit's frozen value. */
  readonly value: (random: Random, arm: 0 | 1, position: number) => number;
  /** Of a `rate`: that of each arm, where it is constant. One random number then draws a unit's arm and its value. */
  readonly rates?: readonly [number, number];
  /** Where stages begin, as positions; `stage_cs` keeps them apart. */
  readonly stageStarts?: readonly number[];
  readonly vRef?: number;
}

/** What the analyst knows at a look: both arms, per stage. */
export type Seen = readonly (readonly [Moments, Moments])[];

/** Whether the analyst would claim a difference. */
export type Analyst = (seen: Seen) => boolean;

/** Several claims at once, on the same data. */
export type Panel = (seen: Seen) => readonly boolean[];

/** The first number of units at which the analyst claims a difference, or null if that never happens. */
export const firstClaim = (design: Design, analyst: Analyst, units: number, random: Random): number | null =>
  firstClaims(design, (seen) => [analyst(seen)], units, random)[0] ?? null;

/** For each claim of the panel the number of units at which it is first made; null or absent where it never is. */
function firstClaims(design: Design, panel: Panel, units: number, random: Random): readonly (number | null)[] {
  const first: (number | null)[] = [];
  const starts = design.stageStarts ?? [0];
  const seen: [Accumulator, Accumulator][] = [];
  for (let unit = 0; unit < units; unit += 1) {
    const position = unit / units;
    if (seen.length < starts.length && position >= starts[seen.length]!) {
      seen.push([new Accumulator(), new Accumulator()]);
    }
    const share = design.share(position);
    const drawn = design.rates === undefined ? random.uniform() : (random.bits() >>> 0) / WORDS;
    const arm = drawn < share ? 1 : 0;
    seen[seen.length - 1]![arm].add(
      design.rates === undefined ? design.value(random, arm, position) : drawnValue(design.rates, share, drawn),
    );
    const isLook = (unit + 1) % LOOK_EVERY === 0;
    if (!isLook) continue;
    for (const [index, isClaimed] of panel(seen).entries()) first[index] ??= isClaimed ? unit + 1 : null;
    if (first.every((claim) => claim !== null)) break;
  }
  return first;
}

const WORDS = 2 ** 32;

/** What is left of a number that decided on the arm is uniform within the arm's part, and decides on the value. */
function drawnValue([rate0, rate1]: readonly [number, number], share: number, drawn: number): number {
  const isEvent = drawn < share ? drawn < share * rate1 : drawn - share < (1 - share) * rate0;
  return isEvent ? 1 : 0;
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
export const claimRate = (design: Design, analyst: Analyst, units: number, runs: number, seed: number): number =>
  (claimsOf(design, (seen) => [analyst(seen)], units, runs, seed)[0]?.count ?? 0) / runs;

/** How many runs make a claim, and the units until they do; a run that never does counts with all its units. */
export interface Claims {
  readonly count: number;
  readonly meanUnits: number;
}

/** The claims of a panel over runs that differ by their seed only. */
export function claimsOf(design: Design, panel: Panel, units: number, runs: number, seed: number): readonly Claims[] {
  const firsts = Array.from({ length: runs }, (_, run) =>
    firstClaims(design, panel, units, randomFrom(seed + run * 7919)),
  );
  return firsts[0]!.map((_, index) => ({
    count: firsts.filter((first) => first[index] !== null).length,
    meanUnits: firsts.reduce((sum, first) => sum + (first[index] ?? units), 0) / runs,
  }));
}

/** The most false positives that a valid method shows, but for one simulation in a hundred. */
export const falsePositiveBound = (alpha: number, runs: number): number =>
  alpha + 2.33 * Math.sqrt((alpha * (1 - alpha)) / runs);

/** The engine as an analyst: one look with burn-in and floors, and a claim when the primary's interval excludes 0. */
export function engine(design: Design, settings: AnalysisSettings): Analyst {
  return (seen) => {
    if (isWithinReach(seen, 0)) return false;
    const { lo, hi } = outcomeAt(design, seen, settings, { role: 'primary', better: 'higher', margin: null });
    return lo !== null && hi !== null && (lo > 0 || hi < 0);
  };
}

/** The engine on a guardrail: whether its harm is proven to be within the margin, and whether beyond it. */
export function guardrail(design: Design, settings: AnalysisSettings, margin: number): Panel {
  return (seen) => {
    if (isWithinReach(seen, margin)) return [false, false];
    const { lo, hi } = outcomeAt(design, seen, settings, { role: 'guardrail', better: 'lower', margin });
    return [hi !== null && hi < margin, lo !== null && lo > margin];
  };
}

/** No bound at a level of 5 % or less is nearer to its estimate: a one-sided one takes sqrt(2 ln 11) = 2.19 errors. */
const NEAREST_BOUND = 2;

/**
 * Whether no bound can exclude the difference, floors or not: it is within two standard errors of the estimate. Most looks
 * are so, and need not be taken. Of several stages nothing is said.
 */
function isWithinReach(seen: Seen, difference: number): boolean {
  const [[control, treatment] = []] = seen;
  if (seen.length !== 1 || !control || !treatment || control.n < 2 || treatment.n < 2) return false;
  const square = [control, treatment].reduce((sum, arm) => sum + arm.m2 / (arm.n - 1) / arm.n, 0);
  return Math.abs(treatment.mean - control.mean - difference) < NEAREST_BOUND * Math.sqrt(square);
}

function outcomeAt(
  design: Design,
  seen: Seen,
  settings: AnalysisSettings,
  metric: Pick<AnalysisMetric, 'role' | 'better' | 'margin'>,
): MaybeInterval {
  const stages = seen.map((arms) => arms.map((moments) => stateOf(design, moments)));
  const outcome = { ...metric, name: 'outcome', kind: design.kind, stages, vRef: design.vRef ?? 1 };
  return lookAt([outcome], settings)[0]!.oriented;
}

function stateOf({ kind }: Design, moments: Moments): ArmState {
  return kind === 'rate' ? { n: moments.n, successes: Math.round(moments.n * moments.mean) } : summaryOf(moments);
}

/** All stages of an arm thrown together (Chan, Golub and LeVeque 1983, eq. 2.1). */
export function pooled(seen: Seen, arm: 0 | 1): Moments {
  let [n, mean, m2] = [0, 0, 0];
  for (const stage of seen.map((arms) => arms[arm])) {
    if (stage.n === 0) continue;
    const [total, delta] = [n + stage.n, stage.mean - mean];
    m2 += stage.m2 + (delta * delta * n * stage.n) / total;
    mean += (delta * stage.n) / total;
    n = total;
  }
  return { n, mean, m2 };
}
