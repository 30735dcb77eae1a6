/** Payloads that runs alone have put: they go with the content of these runs, where it is to go at once. */
import type { Queries } from './database.ts';
import { unpack } from './packed.ts';

interface Texts {
  readonly runId: string;
  readonly texts: string;
  readonly body: Buffer | null;
}

const CLAIM = /"\$claim":\s?"([0-9a-f]{64})"/g;
/** A payload is put while its run is under way; clocks and retries take no more than this. */
const AROUND = "interval '1 minute'";

/** What of a run was set aside, by hash. */
export type ClaimsOfRuns = ReadonlyMap<string, readonly string[]>;

/** Those that name any; not for a transaction, as it unpacks. */
export async function claimsOfRuns(queries: Queries, runIds: readonly string[]): Promise<ClaimsOfRuns> {
  const rows = await queries.query<Texts>(
    `select run.run_id as "runId", body, concat(input::text, output::text, (
       select string_agg(variant::text, '') from rerun_result where rerun_result.run_id = run.run_id)) as texts
     from run left join node_output using (run_id) where run.run_id = any($1::text[])`,
    [runIds],
  );
  const claims = new Map<string, readonly string[]>();
  for (const { runId, texts, body } of rows) {
    const all = body === null ? texts : `${texts}${JSON.stringify(await unpack(body))}`;
    const hashes = [...new Set(Array.from(all.matchAll(CLAIM), ([, hash]) => hash!))];
    if (hashes.length > 0) claims.set(runId, hashes);
  }
  return claims;
}

/** One that was put before the run, or last when neither it nor a repetition of it was under way, is also somebody else's. */
export async function removePayloadsOf(queries: Queries, claims: ClaimsOfRuns): Promise<void> {
  for (const [runId, hashes] of claims)
    await queries.query(
      `delete from payload using run where run_id = $1 and hash = any($2::text[]) and not is_kept
         and payload.created_at > started_at - ${AROUND}
         and (put_at < finished_at + ${AROUND} or exists (
           select from rerun join rerun_result using (rerun_id) where rerun_result.run_id = run.run_id
             and put_at > rerun.started_at - ${AROUND} and put_at < rerun_result.ended_at + ${AROUND}))`,
      [runId, hashes],
    );
}
