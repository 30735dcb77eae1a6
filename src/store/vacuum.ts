/**
 * Lets the planner know what there is, and lets queries answer from the index alone. Only speed depends on it, and a
 * server does it by itself sooner or later; the embedded database does not.
 */
import type { Database } from './database.ts';

/**
 * Updates planner statistics after a build. Without them, a commit takes thousands of passages for one, and its nested
 * comparison never ends.
 */
export async function countRows(database: Database): Promise<void> {
  await database.query('analyze document, passage').catch(() => undefined);
}

/** After many members of a version were written: the planner would sort all of them for a page far from the first. */
export async function countVersionRows(database: Database): Promise<void> {
  await database.query('analyze version_example').catch(() => undefined);
}

/** After a commit or a pruning. */
export async function vacuumIndexes(database: Database): Promise<void> {
  for (const table of ['posting', 'term_count', 'passage_vector', 'passage', 'document'])
    await database.query(`vacuum (analyze) ${table}`).catch(() => undefined);
}

/** From so many on, a wrong plan for a look costs more than counting. */
const MANY_ROWS = 20_000;

/**
 * After a look has gone through so many rows. Where the planner knows of far fewer, it would sort all of them, since it
 * takes each for a metric, stage and arm of its own. What does not change any more is marked so, and looks go through it faster.
 */
export async function countLookedAt(database: Database, rows: number): Promise<void> {
  if (rows < MANY_ROWS) return;
  const [known] = await database.query<{ rows: number }>(
    `select reltuples::float8 as rows from pg_class where oid = 'unit_metric'::regclass`,
  );
  if (known!.rows < rows / 10) await database.query('vacuum (analyze) unit_metric').catch(() => undefined);
}
