/**
 * Lets the planner know what there is now, and lets queries answer from the index alone. Only speed depends on it, and
 * a server does it by itself sooner or later; the embedded database does not.
 */
import type { Database } from './database.ts';

export async function vacuumIndexes(database: Database): Promise<void> {
  for (const table of ['posting', 'term_count', 'passage_vector', 'passage', 'document'])
    await database.query(`vacuum (analyze) ${table}`).catch(() => undefined);
}
