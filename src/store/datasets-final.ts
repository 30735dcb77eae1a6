/**
 * Uses of final splits. A split that is looked at again and again until something wins proves nothing, so each is used
 * once for a purpose, and the row that says so is written before the evaluation starts.
 */

import { SluiceError } from '../base/errors.ts';
import { showTime } from '../base/format.ts';
import { contentHash, type Member } from '../model/dataset.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { DatasetVersion } from './datasets.ts';
import { IS_FINAL } from './datasets-read.ts';

export interface NewFinalUse {
  /** What is decided by it, such as `promote docs-bot`: one use each. */
  readonly purpose: string;
  /** Who asked for it. */
  readonly usedBy: string;
  readonly planIds: readonly string[];
  readonly evaluationId: string;
}

export interface FinalUse extends NewFinalUse {
  readonly dataset: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

const COLUMNS = `purpose, dataset, version, used_by as "usedBy", plan_ids as "planIds", evaluation_id as "evaluationId",
  used_at as "usedAt"`;
const SHORT = 12;
const MOST = 1_000;

export async function useFinal(
  database: Database,
  { dataset, version }: Pick<DatasetVersion, 'dataset' | 'version'>,
  use: NewFinalUse,
  now: Date | null,
): Promise<FinalUse> {
  const split = await finalHash(database, version);
  if (split === undefined)
    throw new SluiceError('final_empty', {
      message: `version ${version.slice(0, SHORT)} of '${dataset}' has no final examples`,
      remedy: 'tag the examples that are kept for the end: "tags": ["final"]',
      data: { dataset, version },
    });
  const { purpose, usedBy, planIds, evaluationId } = use;
  await database.query(
    `insert into final_use (split_hash, purpose, dataset, version, used_by, plan_ids, evaluation_id, used_at)
     values ($1, $2, $3, $4, $5, $6, $7, ${nowSql('$8')}) on conflict do nothing`,
    [split, purpose, dataset, version, usedBy, JSON.stringify(planIds), evaluationId, now],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<FinalUse>(
    `select ${COLUMNS} from final_use where split_hash = $1 and purpose = $2`,
    [split, purpose],
  );
  if (row!.evaluationId !== evaluationId) throw finalUsed(row!);
  return row!;
}

export async function finalUsesOf(database: Database, version: string): Promise<readonly FinalUse[]> {
  const split = await finalHash(database, version);
  if (split === undefined) return [];
  return database.query<FinalUse>(
    `select ${COLUMNS} from final_use where split_hash = $1 order by used_at desc, purpose limit ${MOST}`,
    [split],
  );
}

/** The identity of a version's final examples; undefined where it has none. */
async function finalHash(database: Database, version: string): Promise<string | undefined> {
  const members = await database.query<Member>(
    `select member.example_id as id, member.example_hash as hash
     from version_example as member where member.version = $1 and ${IS_FINAL}`,
    [version],
  );
  return members.length === 0 ? undefined : contentHash(members);
}

function finalUsed({ purpose, dataset, version, usedBy, planIds, evaluationId, usedAt }: FinalUse): SluiceError {
  const plans = planIds.map((planId) => planId.slice(0, SHORT)).join(', ');
  return new SluiceError('final_used', {
    message:
      `the final split of '${dataset}' (version ${version.slice(0, SHORT)}) was used for '${purpose}' before: ` +
      `by ${usedBy}, ${showTime(usedAt, 'minutes')}, on ${plans || 'no plans'}, in evaluation ${evaluationId}`,
    remedy: 'decide by that evaluation, or collect new final examples; dev may be used as often as you like',
    data: { purpose, dataset, version, usedBy, planIds, evaluationId, usedAt },
  });
}
