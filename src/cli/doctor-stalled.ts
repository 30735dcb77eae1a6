/** What `doctor` says of work that should go on and does not: the same as the API's health, where servers are there to ask. */
import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { readServers } from '../embedded/dev-state.ts';
import { openDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { createTemporalProbe, type Health, healthOf } from '../telemetry/health.ts';
import { type Finding, ok, warn } from './finding.ts';

/** Others of doctor's checks look at these. */
const LOOKED_AT: ReadonlySet<string> = new Set(['database', 'temporal', 'disk']);

export async function lookAtStalled(folder: string, config: Config): Promise<Finding> {
  const servers = await readServers(folder);
  const url = config.databaseUrl ?? servers?.databaseUrl;
  if (url === undefined || !(config.temporalConfigured || servers)) return ok('nothing runs here');
  const { connectTemporal } = await import('../temporal/temporal.ts');
  const temporal = await connectTemporal({}, config.temporalConfigured ? undefined : servers?.temporal);
  const database = openDatabase(url, { outageMs: 0, connectTimeoutMs: 5_000 });
  try {
    const store = createStore(database);
    if (await isEmpty(store)) return ok('the database has nothing yet: the first start makes its tables');
    const probe = createTemporalProbe(temporal.connection, temporal.namespace);
    return stalledFinding(await healthOf({ store, temporal: probe, runDeadlineMs: config.runDeadlineMs }));
  } finally {
    await database.close();
    await temporal.close();
  }
}

export function stalledFinding({ checks }: Health): Finding {
  const looked = checks.filter(({ name }) => !LOOKED_AT.has(name));
  const ill = looked.filter(({ status }) => status !== 'ok');
  if (ill.length === 0) return ok(`nothing (${looked.map(({ name }) => name.replaceAll('_', ' ')).join(', ')})`);
  const found = ill.map(({ name, detail, things }) =>
    [`${name.replaceAll('_', ' ')}: ${detail}`, ...things].join('\n'),
  );
  return warn(found.join('\n'), [...new Set(ill.map(({ remedy }) => remedy))].join('\n'));
}

async function isEmpty({ vitals }: Pick<ReturnType<typeof createStore>, 'vitals'>): Promise<boolean> {
  try {
    await vitals.workers();
    return false;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'database_not_migrated') return true;
    throw error;
  }
}
