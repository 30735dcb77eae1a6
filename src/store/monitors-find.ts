/** Finding monitors by id, by the beginning of one, or by name. */
import type { Queries } from './database.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought } from './find-by-id.ts';
import type { MonitorRow } from './monitors.ts';

/** The columns under the names that `MonitorRow` gives them. */
export const MONITOR_COLUMNS = `monitor_id as "monitorId", name, version, pipeline, spec, state, starts,
  started_by as "startedBy", started_at as "startedAt", stopped_at as "stoppedAt", reason, alert,
  alert_since as "alertSince"`;

const MONITOR: Sought = {
  ...{ table: 'monitor', columns: MONITOR_COLUMNS, idColumn: 'monitor_id', idName: 'monitorId' },
  ...{ newestBy: 'started_at', kind: 'monitor', words: ['monitor', 'monitors'] },
  whenNone: 'none was started yet: sluice monitor start NAME',
};

/** @throws SluiceError `monitor_unknown`, `monitor_ambiguous` */
export async function findMonitor(queries: Queries, idOrName: string): Promise<MonitorRow> {
  const [named] = await queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor where name = $1
     order by state = 'running' desc, started_at desc, version desc limit 1`,
    [idOrName],
  );
  return named ?? findById<MonitorRow>(queries, MONITOR, idOrName);
}

export async function runningMonitor(queries: Queries, name: string): Promise<MonitorRow | undefined> {
  const [row] = await queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor where name = $1 and state = 'running'`,
    [name],
  );
  return row;
}

export interface MonitorFilter {
  readonly pipeline?: string;
  /** Only those that run. */
  readonly running?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

export async function listMonitors(
  queries: Queries,
  { pipeline, running = false, limit = DEFAULT_PAGE }: MonitorFilter,
): Promise<readonly MonitorRow[]> {
  checkPage(limit, MONITOR);
  return queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor
     where ($1::text is null or pipeline = $1) and (not $2 or state = 'running')
     order by state = 'running' desc, started_at desc, monitor_id desc limit $3`,
    [pipeline ?? null, running, limit],
  );
}
