/** The commands of docs/operations/backup.md, as a person would give them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src/store/database.ts';
import { blocksIn } from '../docs/read.ts';

const blocks = blocksIn(readFileSync(join(import.meta.dirname, '../../docs/operations/backup.md'), 'utf8'));

/** Runs the block of that name in a folder. @throws Error with what the command wrote */
export function runBlock(name: string, cwd: string, environment: { readonly [name: string]: string }): void {
  const found = blocks.filter(({ about }) => about === name);
  if (found.length !== 1) throw new Error(`docs/operations/backup.md has ${found.length} blocks '${name}', not one`);
  execFileSync('sh', ['-c', found[0]!.text], { cwd, env: { PATH: process.env.PATH, ...environment }, stdio: 'pipe' });
}

/** A digest of each table's rows, by the table's name. */
export async function digestTables({ query }: Database): Promise<{ readonly [table: string]: string }> {
  const tables = await query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  );
  const digests: { [table: string]: string } = {};
  for (const { name } of tables) {
    const [row] = await query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) order by t::text collate "C")), '') as digest
       from ${name} t`,
    );
    digests[name] = row!.digest;
  }
  return digests;
}
