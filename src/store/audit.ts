/** Who changed what, and why: a row per change, written with it. */

import type { Json } from '../plan/plan.ts';
import { nowSql } from './bound.ts';
import type { Queries } from './database.ts';
import type { AuditRow } from './experiments.ts';
import { storable } from './storable.ts';

/** Far more than anybody reads at once. */
const LARGEST_PAGE = 1_000;

export interface NewAudit extends Omit<AuditRow, 'at'> {
  /** Of the call, on one of the rows that it writes. */
  readonly changeId?: string;
}

export async function writeAudit(queries: Queries, audit: NewAudit, now: Date | null): Promise<void> {
  const { who, action, subject, was, isNow, why, changeId = null } = audit;
  await queries.query(
    `insert into audit (at, who, action, subject, was, is_now, why, change_id)
     values (${nowSql('$8')}, $1, $2, $3, $4, $5, $6, $7)`,
    [storable(who), action, subject, jsonOf(was), jsonOf(isNow), storable(why), changeId, now],
  );
}

/**
 * Of a pipeline, its experiments' included, or of an experiment, or (null) of all; newest first, at most 1,000. Of a
 * pipeline, its experiments' included, or of one experiment, or (null) of all; newest first.
 */
export async function auditOf(queries: Queries, subject: string | null, limit: number): Promise<readonly AuditRow[]> {
  return queries.query<AuditRow>(
    `select at, who, action, subject, was, is_now as "isNow", why from audit
     where $1::text is null or subject = $1 or subject in (select experiment_id from experiment where pipeline = $1)
     order by audit_no desc limit $2`,
    [subject, Math.min(limit, LARGEST_PAGE)],
  );
}

const jsonOf = (json: Json): string | null => (json === null ? null : JSON.stringify(storable(json)));
