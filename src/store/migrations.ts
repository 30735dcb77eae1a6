/**
 * The migration files: SQL beside this file, named in their order, never changed once released. Their checksums are
 * kept with the database, so that one changed afterwards is noticed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  /** `0001_runs` */
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const FOLDER = new URL('./migrations/', import.meta.url);

export async function readMigrations(): Promise<readonly Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) =>
      asMigration(file.slice(0, -'.sql'.length), await readFile(new URL(file, FOLDER), 'utf8')),
    ),
  );
}

/** Line ends do not count: git may change them. */
export function asMigration(name: string, text: string): Migration {
  const sql = text.replaceAll('\r\n', '\n');
  return Object.freeze({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
}
