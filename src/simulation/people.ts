/**
 * Simulated people: who asks which question when, and what they say of its answer. Each request has random numbers of its
 * own, so that what one of them draws does not hang on which answers came first.
 */
import { randomFrom } from '../stats/random.ts';
import type { SimulationSettings } from './settings.ts';

export interface PlannedRequest {
  readonly no: number;
  readonly unit: string;
  /** Index of the example. */
  readonly example: number;
}

export interface Said {
  readonly thumb: 'up' | 'down';
  /** After the answer. */
  readonly afterMs: number;
  readonly isTwice: boolean;
}

/** Far apart, so that neighbours draw nothing alike. */
const STRIDE = 0x9e37_79b1;

const drawsOf = ({ seed }: SimulationSettings, no: number, part: number) =>
  randomFrom(Math.imul(seed * 4 + part + 1, STRIDE) ^ Math.imul(no + 1, 0x85eb_ca6b));

/** People come back: each request is of anyone of them, and so some have asked often by the end, and some never. */
export function plannedRequest(settings: SimulationSettings, no: number, examples: number): PlannedRequest {
  const draws = drawsOf(settings, no, 0);
  draws.bits();
  const user = draws.index(settings.users);
  return Object.freeze({ no, unit: `simulated-${settings.seed}-${user}`, example: draws.index(examples) });
}

/**
 * What is said of an answer; null where nothing is.
 *
 * @param isSatisfied null where nobody could know
 */
export function saidOf(settings: SimulationSettings, no: number, isSatisfied: boolean | null): Said | null {
  const { rating, noise, drift, late, lateMs, duplicates, requests } = settings;
  const draws = drawsOf(settings, no, 1);
  draws.bits();
  const [rates, errs, sours, isLate, isTwice] = Array.from({ length: 5 }, () => draws.uniform()) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (isSatisfied === null || rates >= rating) return null;
  const isUp = errs < noise ? !isSatisfied : isSatisfied;
  const soured = sours < drift * (no / Math.max(1, requests - 1));
  return Object.freeze({
    thumb: isUp && !soured ? 'up' : 'down',
    afterMs: isLate < late ? lateMs : 0,
    isTwice: isTwice < duplicates,
  });
}
