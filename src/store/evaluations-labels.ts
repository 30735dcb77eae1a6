/** What people say of what a scorer scores: one label per rater and subject, the latest. */
import type { ScorerIdentity } from '../model/evaluation-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import { batches } from './batches.ts';
import type { Database, Queries } from './database.ts';
import type { Label } from './evaluations.ts';

/** Of one statement. */
const BATCH = { rows: 1_000, bytes: 4_000_000 };

/**
 * Of labels as late as each other, the one whose text sorts last stays: any order of writing ends the same. A note that is
 * empty is none.
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

export function putLabels(
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

/** By subject, decisions first, and rater. */
export async function readLabels(
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

/** Labelled before it was kept whose scorer the labels are of, where nothing says it: they count for none. */
export async function countUnattributed(database: Queries, scorer: string): Promise<number> {
  const [row] = await database.query<{ subjects: number }>(
    `select count(*)::integer as subjects from (
       select subject from label where (pipeline, scorer) = ('', $1)
       union select subject from adjudication where (pipeline, scorer) = ('', $1)
     ) as unattributed`,
    [scorer],
  );
  return row!.subjects;
}
