/**
 * What was asked of providers about runs (`$1`) by whoever scored or repeated them afterwards. Such a call is paid by an
 * experiment, by a day of a monitor, or by a backtest, and its key ends in a mark: the hash of the run and of what was asked,
 * as `createAttemptHost` makes it.
 */
const day = (moment: string): string => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD')`;
const MARK_DIGITS = 16;

export const CALLS_ABOUT_RUNS = `
  update provider_call as call set request = null, response = null
  from (
    select experiment_id as first_payer, experiment_id as last_payer, run_id, scorer as asked
    from score_task where run_id = any($1::text[])
    union all
    select monitor_id || '/' || ${day('finished_at')}, monitor_id || '/' || ${day('coalesce(scored_at, clock_timestamp())')},
      run_id, spec->'scorer'->>'id'
    from monitor_score join monitor using (monitor_id) where run_id = any($1::text[])
    union all
    select rerun_id, rerun_id, run_id, asked
    from rerun_result cross join (values ('variant'), ('score:served'), ('score:variant')) as sides (asked)
    where run_id = any($1::text[])
  ) as made
  where call.run_id between made.first_payer and made.last_payer and (request is not null or response is not null)
    and right(call.key, ${MARK_DIGITS + 1}) = '#' || left(encode(sha256(
      convert_to('[' || to_json(made.run_id)::text || ',' || to_json(made.asked)::text || ']', 'UTF8')), 'hex'), ${MARK_DIGITS})`;
