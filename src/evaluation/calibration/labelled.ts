/**
 * Joins an evaluation's rows with people's labels. Rows are added one by one as they are read, and only what labels
 * need is kept.
 */
import type { Cell, ResultRow, Score } from '../../model/evaluation-result.ts';
import type { EvaluationSpec } from '../../model/evaluation-spec.ts';
import { scorerIdentity } from '../../model/evaluation-spec.ts';
import type { Label } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import type { EvaluationFacts, ExampleInfo } from '../compare/comparison-report.ts';

/** A labelled subject as a scorer has scored it. */
export interface Judgement {
  readonly subject: string;
  /** Place in the evaluation's variants. */
  readonly variant: number;
  readonly exampleId: string;
  readonly score: Score;
}

/** The subject of a cell. Null: the run failed, so there is nothing to label. Undefined: none, or not known. */
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
  /** By `example * repeats + repeat - 1`, as in a score matrix; undefined where the scorer has no labels. */
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

/** Of the scorers of one evaluation, by id and subject. */
export type Ratings = ReadonlyMap<string, ReadonlyMap<string, readonly Label[]>>;

/**
 * Combines several people's labels of one subject. Agreement tables use the majority answer, or none on a tie. Effects
 * use the mean over raters, so that no subject is left out. An adjudicated decision replaces all labels of its subject.
 */
export function ratingsOf(labels: readonly Label[]): Ratings {
  const byScorer = Map.groupBy(labels, ({ scorer }) => scorer);
  return new Map([...byScorer].map(([scorer, own]) => [scorer, Map.groupBy(own, ({ subject }) => subject)]));
}

/** The labels that count: the adjudicated decision if there is one, else each rater's label. */
function effectiveLabels(labels: readonly Label[]): readonly Label[] {
  const decided = labels.filter(({ isFinal }) => isFinal);
  return decided.length > 0 ? decided : labels;
}

/** Of one subject, what stands in one field: truth values as 1 and 0; texts are no scores. */
export function votesOf(labels: readonly Label[] | undefined, field: string): readonly number[] {
  return effectiveLabels(labels ?? []).flatMap(({ value }) => {
    const given = value[field];
    return typeof given === 'string' || given === undefined ? [] : [Number(given)];
  });
}

/** The answer that more raters gave than any other; null where there is no such one. */
export function majorityOf(votes: readonly number[]): number | null {
  const counts = [...Map.groupBy(votes, (vote) => vote)].map(([vote, { length }]) => ({ vote, length }));
  const most = Math.max(0, ...counts.map(({ length }) => length));
  const first = counts.filter(({ length }) => length === most);
  return first.length === 1 ? first[0]!.vote : null;
}

export const meanOf = (votes: readonly number[]): number => votes.reduce((sum, vote) => sum + vote, 0) / votes.length;

/**
 * Adds labels to rows: of each field the mean over raters, of truth values the share of yes. Unlabelled cells stay
 * missing.
 */
export function withLabels<Row extends Pick<ResultRow, 'cells'>>(
  spec: Pick<EvaluationSpec, 'scorers'>,
  rows: readonly Row[],
  ratings: Ratings,
): readonly Row[] {
  const fill = labelFiller(spec, ratings);
  return rows.map(fill);
}

/** The same for rows that come one by one. */
export function labelFiller(
  { scorers }: Pick<EvaluationSpec, 'scorers'>,
  ratings: Ratings,
): <Row extends Pick<ResultRow, 'cells'>>(row: Row) => Row {
  const human = scorers.filter(({ id, kind }) => kind === 'human' && ratings.has(id));
  return (row) => {
    const filled = human.flatMap(({ id, fields }): [string, Cell][] => {
      const cell = row.cells[id];
      if (cell?.state !== 'missing' || cell.subject === undefined) return [];
      const labels = ratings.get(id)!.get(cell.subject);
      const scores = Object.keys(fields).flatMap((field): [string, number][] => {
        const votes = votesOf(labels, field);
        return votes.length === 0 ? [] : [[field, meanOf(votes)]];
      });
      if (scores.length === 0) return [];
      const detail = { raters: labels!.filter(({ isFinal }) => !isFinal).length };
      return [[id, { state: 'done', score: Object.fromEntries(scores), subject: cell.subject, detail }]];
    });
    return filled.length === 0 ? row : { ...row, cells: { ...row.cells, ...Object.fromEntries(filled) } };
  };
}

type WithEvaluations = Pick<Store, 'evaluations'>;

/** All labels of these scorers of a pipeline, from every evaluation. */
export async function loadRatings(
  { evaluations }: WithEvaluations,
  spec: Pick<EvaluationSpec, 'pipeline' | 'scorers'>,
): Promise<Ratings> {
  const labels = await Promise.all(spec.scorers.map((scorer) => evaluations.labels(scorerIdentity(spec, scorer))));
  return ratingsOf(labels.flat());
}

/** Labelled subjects that an evaluation's version of a scorer has scored in others only, the newest. */
export async function loadElsewhere(
  { evaluations }: WithEvaluations,
  { facts, ratings, judgements }: Labelled,
  scorer: string,
): Promise<readonly Judgement[]> {
  const pinned = facts.pins?.scorerVersions[scorer];
  const defined = facts.spec.scorers.find(({ id }) => id === scorer);
  const here = new Set(judgements(scorer).map(({ subject }) => subject));
  const subjects = [...(ratings.get(scorer)?.keys() ?? [])].filter((subject) => !here.has(subject));
  if (pinned === undefined || defined === undefined || subjects.length === 0) return [];
  const found = await evaluations.scored(scorerIdentity(facts.spec, defined), subjects, {
    pinned,
    except: facts.evaluationId,
  });
  return found.flatMap(({ subject, exampleId, score }) =>
    score === null ? [] : [{ subject, exampleId, score, variant: ELSEWHERE }],
  );
}

/** No variant of the evaluation that is looked at. */
const ELSEWHERE = -1;
