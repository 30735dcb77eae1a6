/** What removing the content of runs (`$1`) is, table by table. A table that keeps something of a run has its line here. */

import { CALLS_ABOUT_RUNS } from './content-judges.ts';

/** Of a failure its code and place stay, which is what it counts as. */
const codeOf = (error: string): string =>
  `case when json_typeof(${error}) = 'object' then json_strip_nulls(json_build_object('code', ${error}->'code',
     'message', 'content removed'::text, 'node', ${error}->'node', 'key', ${error}->'key')) else ${error} end`;

/** Of one side of a run that was made again: its scores stay, without the reasons that judges gave. */
const scoresOf = (side: string): string =>
  `case when json_typeof(${side}) = 'object' then json_build_object('outcome', ${side}->'outcome',
     'error', ${codeOf(`(${side}->'error')`)}, 'output', null, 'run', ${side}->'run', 'cells', coalesce((
       select json_object_agg(key, (value::jsonb - 'detail')::json) from json_each(${side}->'cells')
     ), '{}'::json)) else ${side} end`;

const OF_RUNS = 'where run_id = any($1::text[])';

export const REMOVALS: readonly string[] = [
  `update run set input = 'null', output = 'null', error = ${codeOf('error')} ${OF_RUNS}`,
  `update node_run set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `delete from node_output ${OF_RUNS}`,
  `update attempt set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `update provider_call set request = null, response = null ${OF_RUNS} and (request is not null or response is not null)`,
  CALLS_ABOUT_RUNS,
  `update feedback set note = null, emoji = null, fields = null ${OF_RUNS}`,
  `update score_task set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `update monitor_score set detail = null, error = ${codeOf('error')} ${OF_RUNS} and (detail is not null or error is not null)`,
  `update rerun_result set served = ${scoresOf('served')}, variant = ${scoresOf('variant')}, error = ${codeOf('error')}
   ${OF_RUNS}`,
];
