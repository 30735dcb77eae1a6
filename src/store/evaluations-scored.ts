/** Where a subject was scored: labels are about what was scored, whichever evaluation that was in. */

import type { Score } from '../model/evaluation-result.ts';
import type { ScorerIdentity } from '../model/evaluation-spec.ts';
import type { Database } from './database.ts';

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

/** Of each subject the newest place, by subject. */
export function scoredSubjects(
  database: Database,
  { pipeline, scorer, version }: ScorerIdentity,
  subjects: readonly string[],
  { pinned, except }: ScoredFilter,
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
