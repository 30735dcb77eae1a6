/** All that a database holds, as text: every column of every table, what is compressed unpacked. */
import { zstdDecompressSync } from 'node:zlib';
import type { Queries } from '../../src/store/database.ts';

/** By table. */
export async function allText(database: Queries): Promise<ReadonlyMap<string, string>> {
  const columns = await database.query<{ table: string; column: string; type: string }>(
    `select table_name as "table", column_name as "column", data_type as type from information_schema.columns
     join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1, 2`,
  );
  const texts = new Map<string, string>();
  for (const [table, of] of Map.groupBy(columns, (column) => column.table)) {
    const shown = of.map(({ column, type }) => (type === 'bytea' ? `"${column}"` : `"${column}"::text`));
    const rows = await database.query<{ readonly [column: string]: string | Buffer | null }>(
      `select ${shown.join(', ')} from "${table}"`,
    );
    texts.set(table, rows.flatMap((row) => Object.values(row).map(textOf)).join('\n'));
  }
  return texts;
}

function textOf(value: string | Buffer | null): string {
  if (value === null || typeof value === 'string') return value ?? '';
  try {
    return String(zstdDecompressSync(value));
  } catch {
    return value.toString('latin1'); // a hash, or a vector
  }
}
