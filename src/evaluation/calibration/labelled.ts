/**
 * An evaluation's rows beside people's labels: who scored what, and which of it people have spoken of. Rows are added one
 * by one, as they are read for everything else, and only what labels need of them is kept.
 */

import type { ResultRow, Score } from '../../model/evaluation-result.ts';
import type { EvaluationFacts, ExampleInfo } from '../compare/input.ts';
import type { Ratings } from './ratings.ts';

/** A labelled subject as a scorer has scored it. */
export interface Judgement {
  readonly subject: string;
  /** Place in the evaluation's variants. */
  readonly variant: number;
  readonly exampleId: string;
  readonly score: Score;
}

/** What a cell is about; null: the run failed, which nobody has to look at; undefined: nothing, or not known. */
export type Subject = string | null | undefined;

/** Of an evaluation what labels need. */
export interface LabelledFacts extends Pick<EvaluationFacts, 'evaluationId' | 'spec' | 'pins'> {
  readonly examples: readonly Pick<ExampleInfo, 'id' | 'tags' | 'cluster'>[];
}

export interface Labelled {
  readonly facts: LabelledFacts;
  readonly ratings: Ratings;
  add(row: ResultRow): void;
  /** Of a variant each labelled subject once, as it was scored there. */
  judgements(scorer: string): readonly Judgement[];
  /** By `example * repeats + repeat - 1`, as in a sheet; undefined where the scorer has no labels. */
  subjects(scorer: string, variant: number): readonly Subject[] | undefined;
}

export function createLabelled(facts: LabelledFacts, ratings: Ratings): Labelled {
  const { spec, examples } = facts;
  const places = new Map(examples.map(({ id }, place) => [id, place]));
  const scorers = spec.scorers.filter(({ id }) => ratings.has(id)).map(({ id }) => id);
  const size = examples.length * spec.repeats;
  const subjects = new Map(
    scorers.map((id) => [id, spec.variants.map(() => new Array<Subject>(size).fill(undefined))] as const),
  );
  const judged = new Map(scorers.map((id) => [id, new Map<string, Judgement>()] as const));

  function addCell(scorer: string, { cells, variant, exampleId }: ResultRow, at: number): void {
    const cell = cells[scorer];
    const subject = cell?.state === 'failed' ? null : cell?.subject;
    subjects.get(scorer)![variant]![at] = subject;
    if (cell?.state !== 'done' || !ratings.get(scorer)!.has(cell.subject)) return;
    const key = `${variant} ${cell.subject}`;
    const own = judged.get(scorer)!;
    if (!own.has(key)) own.set(key, Object.freeze({ subject: cell.subject, variant, exampleId, score: cell.score }));
  }

  return Object.freeze({
    facts,
    ratings,
    add(row) {
      const example = places.get(row.exampleId);
      const isOurs = row.variant < spec.variants.length && row.repeat >= 1 && row.repeat <= spec.repeats;
      if (example === undefined || !isOurs) return;
      for (const scorer of scorers) addCell(scorer, row, example * spec.repeats + row.repeat - 1);
    },
    judgements: (scorer) => [...(judged.get(scorer)?.values() ?? [])],
    subjects: (scorer, variant) => subjects.get(scorer)?.[variant],
  } satisfies Labelled);
}
