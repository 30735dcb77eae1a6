/** What was declared before anyone looked, and how often comparisons were made on one dataset version. Never changed. */
import type { Registration } from '../model/evaluation-spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { LockedRegistration } from './evaluations.ts';

interface NewRegistration extends Pick<LockedRegistration, 'name' | 'content' | 'evaluationId'> {
  readonly now: Date | null;
}

interface CountedComparisons {
  readonly datasetVersion: string;
  readonly sides: readonly string[];
  readonly now: Date | null;
}

export async function register(
  database: Database,
  { name, content, evaluationId, now }: NewRegistration,
): Promise<LockedRegistration> {
  await database.query(
    `insert into registration (name, hash, content, evaluation_id, locked_at)
     values ($1, $2, $3, $4, ${nowSql('$5')}) on conflict do nothing`,
    [name, hashOf(content), JSON.stringify(content), evaluationId, now],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  return (await registrationOf(database, name))!;
}

export async function registrationOf(database: Database, name: string): Promise<LockedRegistration | undefined> {
  const [row] = await database.query<LockedRegistration>(
    `select name, hash, content, evaluation_id as "evaluationId", locked_at as "lockedAt"
     from registration where name = $1`,
    [name],
  );
  return row;
}

const hashOf = (content: Registration): string => hashJson(content as unknown as Json);

export async function countComparisons(
  database: Database,
  { datasetVersion, sides, now }: CountedComparisons,
): Promise<number> {
  await database.query(
    `insert into comparison (dataset_version, sides, first_at)
     select $1, sides, ${nowSql('$3')} from unnest($2::text[]) as given (sides)
     order by sides on conflict do nothing`,
    [datasetVersion, sides, now],
  );
  return foreseeComparisons(database, datasetVersion, []);
}

/** As many as there would be. */
export async function foreseeComparisons(
  database: Database,
  datasetVersion: string,
  sides: readonly string[],
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*) from (
       select sides from comparison where dataset_version = $1 union select unnest($2::text[]) collate "C"
     ) as counted`,
    [datasetVersion, sides],
  );
  return row!.count;
}
