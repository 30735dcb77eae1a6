/** The cells of the matrix, each with what is expected of it: that follows from its fault, its place and how long it lasts. */
import { FAULTS, type FaultCase } from './fault-cases.ts';
import { PLACES, type Place } from './places.ts';

export interface Cell {
  readonly id: string;
  /** Part of every question asked in this cell, and of no other. */
  readonly mark: string;
  readonly fault: FaultCase;
  readonly place: Place;
  readonly lasts: 'once' | 'always';
  readonly expected: Expected;
}

export interface Expected {
  readonly outcome: 'completed' | 'degraded' | 'failed';
  /** Whether the caller gets an answer to the question. */
  readonly isAnswered: boolean;
  /** Of the node run, its fallback's included. */
  readonly attempts: number;
  /** Of the node run's error; the run's own where it failed. */
  readonly code: string | null;
}

export const CELLS: readonly Cell[] = FAULTS.flatMap((fault) =>
  PLACES.flatMap((place) => lastingOf(fault).map((lasts) => ({ fault, place, lasts }))),
).map(({ fault, place, lasts }, number) =>
  Object.freeze({
    id: `${place.id}/${fault.id}/${lasts}`,
    mark: markOf(number),
    ...{ fault, place, lasts },
    expected: expectedOf(fault, place, lasts),
  }),
);

/** Of no words: checks by words would look for them in the documents. */
function markOf(number: number): string {
  return `(${number.toString(2).padStart(8, '0').replaceAll('0', '-').replaceAll('1', '=')})`;
}

/** What is not tried again is the same whether or not it would have been over by then. */
function lastingOf({ isTriedAgain }: FaultCase): readonly Cell['lasts'][] {
  return isTriedAgain ? ['once', 'always'] : ['always'];
}

function expectedOf({ code: given, isTriedAgain }: FaultCase, place: Place, lasts: Cell['lasts']): Expected {
  const code = typeof given === 'object' ? (place.isStreamed ? given.streamed : given.whole) : given;
  if (code === undefined) return { outcome: 'completed', isAnswered: true, attempts: 1, code: null };
  if (lasts === 'once') return { outcome: 'completed', isAnswered: true, attempts: 2, code: null };
  const tried = isTriedAgain ? place.attempts : 1;
  switch (place.help) {
    case 'fallback':
      return { outcome: 'degraded', isAnswered: true, attempts: tried + 1, code };
    case 'orElse':
      return { outcome: 'degraded', isAnswered: true, attempts: tried, code };
    case 'none':
      return { outcome: 'failed', isAnswered: false, attempts: tried * 2, code };
    default:
      return place.help satisfies never;
  }
}
