/**
 * Simulated users: their questions, times and feedback. Each request has its own random numbers, so draws do not depend
 * on the order of answers.
 */

import type { Example } from '../model/dataset.ts';
import type { Json } from '../plan/plan.ts';
import { randomFrom } from '../stats/random.ts';

export interface PlannedRequest {
  readonly no: number;
  readonly unit: string;
  /** Index of the example. */
  readonly example: number;
}

export interface SimulatedFeedback {
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

/** The feedback on an answer; null without one. @param isSatisfied null when it cannot be known */
export function feedbackOf(
  settings: SimulationSettings,
  no: number,
  isSatisfied: boolean | null,
): SimulatedFeedback | null {
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

// How people are simulated: everything that is drawn is drawn from the seed, so the same settings ask and say the same.

export interface SimulationSettings {
  readonly seed: number;
  /** People, each of whom keeps its id. */
  readonly users: number;
  readonly requests: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** The part of the answers that people say something about. */
  readonly rating: number;
  /** The part of the thumbs that say the opposite of what the ground truth says. */
  readonly noise: number;
  /** Increase of the probability of a thumb down from start to end, in every arm. */
  readonly drift: number;
  /** The part of the feedback that is delivered late, and by how much. */
  readonly late: number;
  readonly lateMs: number;
  /** The part of the feedback that is delivered twice. */
  readonly duplicates: number;
  /** How many of the first passages, or citations, people look at. */
  readonly looksAt: number;
}

export const USUAL: SimulationSettings = Object.freeze({
  ...{ seed: 1, users: 500, requests: 1_000, concurrency: 8, rating: 0.6, noise: 0.1, drift: 0 },
  ...{ late: 0, lateMs: 0, duplicates: 0, looksAt: 3 },
});

/** Limits: draws of all users are in memory. */
export const SIMULATION_LIMITS = Object.freeze({ users: 1_000_000, requests: 1_000_000, concurrency: 256 });

// Whether an answer satisfies a user who knows the truth: relevant documents are among the first shown, or it declines
// when there are none.

type JsonObject = { readonly [key: string]: Json };

/** Null where the example says nothing that it could be held against. */
export function satisfies({ relevant = {}, expected }: Example, output: Json, looksAt: number): boolean | null {
  const shown = isObject(output) ? output : {};
  if (expected?.answerable === false) return shown.answered === false;
  const wanted = Object.entries(relevant).flatMap(([id, grade]) => (grade > 0 ? id : []));
  if (wanted.length === 0) return null;
  const ids = idsIn(shown).slice(0, looksAt);
  return shown.answered !== false && ids.some((id) => wanted.some((each) => isOf(id, each)));
}

/** What it cites; else what it found. */
function idsIn(output: JsonObject): readonly string[] {
  const cited = listOf(output.citations).flatMap((citation) => textOf(citation.passageId ?? citation.id));
  return cited.length > 0 ? cited : listOf(output.passages).flatMap((passage) => textOf(passage.id));
}

/** A passage's id begins with its document's: `guide/streaming#2`. */
const isOf = (passage: string, wanted: string): boolean => passage === wanted || passage.startsWith(`${wanted}#`);

const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
const textOf = (value: Json | undefined): string[] => (typeof value === 'string' ? [value] : []);

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
