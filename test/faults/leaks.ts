/** Looks for keys where none may be: in logs, histories, the store and whatever is shown. A piece is as bad as the whole. */
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openDatabase } from '../../src/store/database.ts';

export interface Place {
  readonly where: string;
  readonly text: string;
}

export const PIECE_CHARACTERS = 12;

/** @param keys by name. @returns a line per place and key that is in it, in whole or in part; it does not repeat the key */
export function leaksIn(places: readonly Place[], keys: { readonly [name: string]: string }): readonly string[] {
  return places.flatMap(({ where, text }) =>
    Object.entries(keys)
      .filter(([, key]) => piecesOf(key).some((piece) => text.includes(piece)))
      .map(([name]) => `${name} in ${where}`),
  );
}

function piecesOf(key: string): readonly string[] {
  return Array.from({ length: key.length - PIECE_CHARACTERS + 1 }, (_, at) => key.slice(at, at + PIECE_CHARACTERS));
}

/** The whole histories of all workflows of some queues, with their payloads as text. */
export async function historiesOf(temporal: Client, queues: readonly string[]): Promise<readonly Place[]> {
  const places: Place[] = [];
  const query = queues.map((queue) => `TaskQueue = '${queue}'`).join(' OR ');
  for await (const { workflowId, runId } of temporal.workflow.list({ query })) {
    const json = historyToJSON(await temporal.workflow.getHandle(workflowId, runId).fetchHistory());
    places.push({ where: `the history of ${workflowId}`, text: `${json}\n${payloadsIn(json)}` });
  }
  return places;
}

/** In JSON, payloads are in base64. */
function payloadsIn(json: string): string {
  const encoded = [...json.matchAll(/"data":\s*"(?<data>[\w+/=-]+)"/g)].map(({ groups }) => groups!.data!);
  return encoded.map((data) => Buffer.from(data, 'base64').toString('utf8')).join('\n');
}

/** Every row of every table. */
export async function tablesOf(databaseUrl: string): Promise<readonly Place[]> {
  const database = openDatabase(databaseUrl);
  try {
    const tables = await database.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    );
    const places: Place[] = [];
    for (const { name } of tables) {
      const rows = await database.query<{ row: string }>(
        `select row_to_json(each)::text as row from "${name}" as each`,
      );
      places.push({ where: `table ${name}`, text: rows.map(({ row }) => row).join('\n') });
    }
    return places;
  } finally {
    await database.close();
  }
}
