/** Evaluations and what they found. Cells are written by chunks of workers, over and over where a chunk is repeated. */

import type { EvaluationState, Score } from '../model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec, Registration, ScorerIdentity } from '../model/evaluation-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import { canonicalJson } from '../plan/id.ts';
import { bound, type TimedDatabase } from './bound.ts';
import { batches, type Database, type Queries } from './database.ts';
import { fingerprintOf, hasResumable, putResults, readProgress, readResults, resultsOf } from './evaluation-results.ts';
import {
  countComparisons,
  createEvaluation,
  findEvaluation,
  keepPins,
  listEvaluations,
  moveState,
  nextComparisonCount,
  register,
  registrationOf,
  setBudget,
  setState,
} from './evaluation-rows.ts';

export interface NewEvaluation {
  /** Its workflow's id, too: `eval-before-release-1f2e3d4c`. */
  readonly evaluationId: string;
  readonly spec: EvaluationSpec;
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
}

/** Times are milliseconds since the epoch. */
export interface EvaluationRow extends NewEvaluation {
  readonly name: string;
  /** Null until it has begun. */
  readonly pins: EvaluationPins | null;
  readonly state: EvaluationState;
  readonly error: FailureData | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export interface LockedRegistration {
  readonly name: string;
  /** `hashJson` of the content. */
  readonly hash: string;
  readonly content: Registration;
  /** The evaluation that was the first. */
  readonly evaluationId: string;
  readonly lockedAt: number;
}

export interface EvaluationFilter {
  readonly name?: string | undefined;
  /** 1 to 1,000; default 20. */
  readonly limit?: number | undefined;
}

export interface ResultFilter {
  readonly variant?: number | undefined;
  /** Only of these examples. */
  readonly exampleIds?: readonly string[] | undefined;
  /** Outputs and calls, which are most of a row, are left out: null, and none. */
  readonly scoresOnly?: boolean | undefined;
}

export interface Label extends ScorerIdentity {
  readonly subject: string;
  readonly rater: string;
  readonly value: { readonly [field: string]: number | boolean | string };
  readonly note: string | null;
  readonly labelledAt: number;
  /** An adjudicated decision, which replaces the raters' labels; `rater` is the adjudicator. */
  readonly isFinal?: true;
}

export const createEvaluations = (database: TimedDatabase) =>
  bound(database, {
    create: createEvaluation,
    get: findEvaluation,
    list: listEvaluations,
    pin: keepPins,
    setState,
    moveState,
    setBudget,
    putResults,
    results: resultsOf,
    eachResult: readResults,
    progress: readProgress,
    fingerprint: fingerprintOf,
    hasResumable,
    register,
    registration: registrationOf,
    countComparisons,
    nextComparisonCount,
    putLabels,
    labels: readLabels,
    unattributedLabels: countUnattributed,
    scored: scoredSubjects,
  });
export type Evaluations = ReturnType<typeof createEvaluations>;

/** Of one statement. */
const BATCH = { rows: 1_000, bytes: 4_000_000 };

/**
 * Of labels with equal times, the one whose text sorts last wins, so the order of writing does not matter. An empty
 * note counts as none.
 */
const RANK = (of: string) => `(${of}.labelled_at, ${of}.value::text collate "C", coalesce(${of}.note, '') collate "C")`;

const PUT = `
  with given as materialized (
    select distinct on (scorer, subject, pipeline, version, rater) * from unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]
    ) as given (pipeline, scorer, version, subject, rater, value, note, labelled_at)
    order by scorer, subject, pipeline, version, rater, labelled_at desc,
      value collate "C" desc, coalesce(note, '') collate "C" desc
  ),
  was as materialized (
    select known.* from given cross join lateral (
      select * from label
      where (label.scorer, label.subject, label.pipeline, label.version, label.rater)
        = (given.scorer, given.subject, given.pipeline, given.version, given.rater) limit 1
    ) as known
  ),
  put as (
    insert into label (pipeline, scorer, version, subject, rater, value, note, labelled_at)
    select pipeline, scorer, version, subject, rater, value::json, note, labelled_at from given
    order by scorer, subject, pipeline, version, rater
    on conflict (scorer, subject, pipeline, version, rater) do update
      set value = excluded.value, note = excluded.note, labelled_at = excluded.labelled_at
      where ${RANK('excluded')} > ${RANK('label')}
    returning *
  )
  select count(*) filter (where was.scorer is null) as added,
    count(*) filter (
      where was.scorer is not null and (put.value::text, put.note) is distinct from (was.value::text, was.note)
    ) as changed
  from put left join was using (scorer, subject, pipeline, version, rater)`;

/**
 * Stores labels, all or none. Per rater and subject the latest wins, with ties broken as in `RANK`. `changed` lists
 * labels whose value changed. Decisions are separate: see `Reviews.decide`.
 */
function putLabels(
  database: Database,
  labels: readonly Label[],
): Promise<{ readonly added: number; readonly changed: number }> {
  const rows = labels.map((label) => ({ ...label, note: label.note || null, value: canonicalJson(label.value) }));
  return database.transaction(async (queries) => {
    let [added, changed] = [0, 0];
    for (const batch of batches(rows, BATCH, ({ value, note }) => value.length + (note?.length ?? 0))) {
      const counted = await putBatch(queries, batch);
      added += counted.added;
      changed += counted.changed;
    }
    return { added, changed };
  });
}

type Row = Omit<Label, 'value' | 'isFinal'> & { readonly value: string };

/** The same within a transaction. */
export function putLabel(queries: Queries, label: Omit<Label, 'isFinal'>): Promise<unknown> {
  return putBatch(queries, [{ ...label, note: label.note || null, value: canonicalJson(label.value) }]);
}

async function putBatch(queries: Queries, batch: readonly Row[]): Promise<{ added: number; changed: number }> {
  const column = <Name extends keyof Row>(name: Name) => batch.map((row) => row[name]);
  const [counted] = await queries.query<{ added: number; changed: number }>(PUT, [
    column('pipeline'),
    column('scorer'),
    column('version'),
    column('subject'),
    column('rater'),
    column('value'),
    column('note'),
    batch.map(({ labelledAt }) => new Date(labelledAt)),
  ]);
  return counted!;
}

/**
 * Of a scorer, with decisions between raters; of these subjects, where they are given. By subject, decisions first, and
 * rater.
 */
async function readLabels(
  database: Queries,
  { pipeline, scorer, version }: ScorerIdentity,
  subjects?: readonly string[],
): Promise<readonly Label[]> {
  const rows = await database.query<Omit<Label, 'isFinal'> & { readonly decided: boolean }>(
    `select * from (
       select pipeline, scorer, version, subject, rater, value, note, labelled_at as "labelledAt", false as decided
       from label
       union all
       select pipeline, scorer, version, subject, by, value, note, at, true from adjudication
     ) as said
     where (pipeline, scorer, version) = ($1, $2, $3) and ($4::text[] is null or subject = any($4))
     order by subject, decided desc, rater`,
    [pipeline, scorer, version, subjects ?? null],
  );
  return rows.map(({ decided, ...label }) => (decided ? { ...label, isFinal: true } : label));
}

/** Subjects whose labels have this scorer id but an unknown pipeline and version: they count for no scorer. */
async function countUnattributed(database: Queries, scorer: string): Promise<number> {
  const [row] = await database.query<{ subjects: number }>(
    `select count(*)::integer as subjects from (
       select subject from label where (pipeline, scorer) = ('', $1)
       union select subject from adjudication where (pipeline, scorer) = ('', $1)
     ) as unattributed`,
    [scorer],
  );
  return row!.subjects;
}

export interface ScoredSubject {
  readonly subject: string;
  readonly evaluationId: string;
  readonly exampleId: string;
  /** Place in that evaluation's variants. */
  readonly variant: number;
  /** Null where it waits for people. */
  readonly score: Score | null;
}

export interface ScoredFilter {
  /** Only where this was pinned as the scorer's version, and only where it has spoken; else also where it has not yet. */
  readonly pinned?: string | undefined;
  /** Not in this evaluation. */
  readonly except?: string | undefined;
}

/** The newest evaluations that are looked through, and their rows in all: cells are read one by one. */
const LOOKED_THROUGH = { evaluations: 20, rows: 100_000 };

/**
 * Which of these subjects the scorer has scored, and where: looks through the newest 20 evaluations that have it. Of
 * each subject the newest place, by subject.
 */
function scoredSubjects(
  database: Database,
  { pipeline, scorer, version }: ScorerIdentity,
  subjects: readonly string[],
  { pinned, except }: ScoredFilter = {},
): Promise<readonly ScoredSubject[]> {
  return database.query<ScoredSubject>(
    `with newest as (
       select evaluation_id, created_at, total from evaluation join evaluation_tally using (evaluation_id)
       where pins->'scorerVersions'->>$1 = coalesce($3, pins->'scorerVersions'->>$1)
         and evaluation_id is distinct from $4 and spec->>'pipeline' = $5 and exists (
           select from json_array_elements(spec->'scorers') as defined
           where defined->>'id' = $1 and defined->>'definitionHash' = $6
         )
       order by created_at desc, evaluation_id desc limit ${LOOKED_THROUGH.evaluations}
     ),
     within as materialized (
       select *, sum(total) over (order by created_at desc, evaluation_id desc) - total as before from newest
     )
     select distinct on (subject) subject, evaluation_id as "evaluationId", example_id as "exampleId", variant,
       cell->'score' as score
     from within join evaluation_result using (evaluation_id)
       cross join lateral (select cells->$1 as cell) as own
       cross join lateral (select cell->>'subject' collate "C" as subject) as told
     where before < ${LOOKED_THROUGH.rows} and subject = any($2::text[])
       and ($3::text is null or cell->>'state' = 'done')
     order by subject, created_at desc, evaluation_id desc, example_id, variant, repeat`,
    [scorer, subjects, pinned ?? null, except ?? null, pipeline, version],
  );
}
