/**
 * Which subjects raters are asked about: whole examples, drawn at random from all that were judged. An example on one side
 * alone tells how good the judge is; on both it tells what the judge does to the difference, too, with half of the labels.
 */

import type { ResultRow, Score } from '../../model/evaluation-result.ts';
import { randomFrom } from '../../stats/random.ts';
import type { Subject } from './labelled.ts';

/** A subject where it was first met, by example, variant and repeat. */
export interface Asked {
  readonly subject: string;
  readonly exampleId: string;
  readonly variant: number;
  readonly repeat: number;
  /** Null: nobody has scored it yet. */
  readonly score: Score | null;
}

export interface Population {
  add(row: Pick<ResultRow, 'exampleId' | 'variant' | 'repeat' | 'cells'>): void;
  /** All subjects, each once. */
  readonly subjects: ReadonlyMap<string, Asked>;
}

/** Of one scorer's cells: those that it has scored, and of a human scorer those that wait for people. */
export function createPopulation(scorer: string): Population {
  const subjects = new Map<string, Asked>();
  return Object.freeze({
    subjects,
    add({ exampleId, variant, repeat, cells }) {
      const cell = cells[scorer];
      const subject: Subject = cell === undefined || cell.state === 'failed' ? undefined : cell.subject;
      if (subject === undefined || subjects.has(subject)) return;
      const score = cell?.state === 'done' ? cell.score : null;
      subjects.set(subject, Object.freeze({ subject, exampleId, variant, repeat, score }));
    },
  } satisfies Population);
}

/** Numbers that are passed over: the first ones of small seeds are much like each other. */
const WARM_UP = 100;

/**
 * Subjects of examples that are drawn until there are at least so many, in an order of its own, so that the answers to one
 * question do not stand side by side. The same seed draws the same.
 */
export function drawSample(subjects: Iterable<Asked>, least: number, seed: number): readonly Asked[] {
  const byExample = Map.groupBy(subjects, ({ exampleId }) => exampleId);
  const random = randomFrom(seed);
  for (let passed = 0; passed < WARM_UP; passed += 1) random.bits();
  const examples = shuffle([...byExample.keys()].sort(), random.index);
  const drawn: Asked[] = [];
  for (const example of examples) {
    if (drawn.length >= least) break;
    drawn.push(...byExample.get(example)!);
  }
  return shuffle(drawn, random.index);
}

/** Fisher and Yates. */
function shuffle<Item>(items: readonly Item[], index: (size: number) => number): readonly Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = index(last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
