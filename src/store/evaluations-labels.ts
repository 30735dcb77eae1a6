/** What people say of what a scorer scores: one label per rater and subject, the latest. */
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
    select distinct on (scorer, subject, rater) * from unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]
    ) as given (scorer, subject, rater, value, note, labelled_at)
    order by scorer, subject, rater, labelled_at desc,
      value collate "C" desc, coalesce(note, '') collate "C" desc
  ),
  was as materialized (
    select known.* from given cross join lateral (
      select * from label
      where (label.scorer, label.subject, label.rater) = (given.scorer, given.subject, given.rater) limit 1
    ) as known
  ),
  put as (
    insert into label (scorer, subject, rater, value, note, labelled_at)
    select scorer, subject, rater, value::json, note, labelled_at from given order by scorer, subject, rater
    on conflict (scorer, subject, rater) do update
      set value = excluded.value, note = excluded.note, labelled_at = excluded.labelled_at
      where ${RANK('excluded')} > ${RANK('label')}
    returning *
  )
  select count(*) filter (where was.scorer is null) as added,
    count(*) filter (
      where was.scorer is not null and (put.value::text, put.note) is distinct from (was.value::text, was.note)
    ) as changed
  from put left join was using (scorer, subject, rater)`;

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
    column('scorer'),
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
  scorer: string,
  subjects?: readonly string[],
): Promise<readonly Label[]> {
  const rows = await database.query<Omit<Label, 'isFinal'> & { readonly decided: boolean }>(
    `select * from (
       select scorer, subject, rater, value, note, labelled_at as "labelledAt", false as decided from label
       union all
       select scorer, subject, by, value, note, at, true from adjudication
     ) as said
     where scorer = $1 and ($2::text[] is null or subject = any($2)) order by subject, decided desc, rater`,
    [scorer, subjects ?? null],
  );
  return rows.map(({ decided, ...label }) => (decided ? { ...label, isFinal: true } : label));
}
