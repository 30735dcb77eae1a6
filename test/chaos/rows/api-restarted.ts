/**
 * The API, its worker, Temporal and the database are restarted one after the other, asked to end or killed, while 32 clients
 * ask and say what they think of the answers: what was accepted is answered or found by its id, and everything once.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { keyOf } from '../../server/api-support.ts';
import { sweeperOf } from '../../support/sweeper.ts';
import { type ApiClient, createApiClient } from '../api-client.ts';
import { figuresOf, type Window } from '../api-figures.ts';
import { type Load, startLoad } from '../api-load.ts';
import type { ApiSettings } from '../api-process.ts';
import { readApiRecords } from '../api-records.ts';
import type { Figure } from '../figures.ts';
import { servedChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { spawnProcess, type WorkerProcess } from '../processes.ts';
import { DATABASES, onEachDatabase, type RestartableDatabase } from '../restartable-database.ts';
import type { Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';

const NAME = 'R33';
const CONNECTIONS = 32;
/** Requests that must be under way when something goes. */
const STRUCK = CONNECTIONS / 2;
/** Of all troubles, on the databases that there are together. */
const ROUNDS = 2 / DATABASES.length;
/** Requests that must meet one, on each of them. */
const LEAST_MET = 300 / DATABASES.length;
/** How long what was asked to end, or killed, stays away at least. */
const AWAY_MS = 500;
const LATEST_MOMENT_MS = 300;
const OWNER = 'chaos';

export const r33: Row = {
  id: NAME,
  title: 'API, worker, Temporal and database ended and killed in turn, 32 clients asking by HTTP',
  limitMs: 1_800_000,
  play: (place) => onEachDatabase(join(place.folder, NAME), (database) => onDatabase(place, database)),
};

/** What serves: the processes that are replaced. */
interface Served {
  api: WorkerProcess;
  worker: WorkerProcess;
}

async function onDatabase(place: Place, database: RestartableDatabase): Promise<readonly Figure[]> {
  const port = await getPort({ host: '127.0.0.1' });
  const settings = {
    DATABASE_URL: database.url,
    SLUICE_HTTP_LISTEN: `127.0.0.1:${port}`,
    // One key for all: what is looked for here is not its rate.
    SLUICE_HTTP_RATE: '1000',
    SLUICE_SHUTDOWN_GRACE_MS: '5000',
  };
  return withScene(place, { name: NAME, settings }, async (scene) => {
    const startApi = () => spawnApi(scene).begin();
    const served: Served = { worker: await scene.startWorker(), api: await startApi() };
    try {
      const key = await keyOf(scene.runtime, OWNER, ['ask', 'feedback']);
      const client = createApiClient({ url: `http://127.0.0.1:${port}`, key, pipeline: servedChain.id });
      const load = startLoad(client, CONNECTIONS, database.name);
      await load.answers(CONNECTIONS);
      const windows = await troubleAll(scene, load, troublesOf({ scene, served, database, startApi }));
      await load.stop();
      return await account(scene, { name: database.name, databaseUrl: database.url, client, load, windows });
    } finally {
      await served.api.kill();
    }
  });
}

const spawnApi = ({ ledger, environment }: Scene) =>
  spawnProcess({ program: 'api-process.ts', settings: { folder: ledger.folder } satisfies ApiSettings, environment });

interface Within {
  readonly scene: Scene;
  readonly served: Served;
  readonly database: RestartableDatabase;
  readonly startApi: () => Promise<WorkerProcess>;
}

type Troubles = { readonly [what: string]: () => Promise<void> };

function troublesOf({ scene, served, database, startApi }: Within): Troubles {
  const { temporal } = scene.place;
  const api = (end: (process: WorkerProcess) => Promise<number>) => async () => {
    await end(served.api);
    await delay(AWAY_MS);
    served.api = await startApi();
  };
  const worker = (end: (process: WorkerProcess) => Promise<number>) => async () => {
    await end(served.worker);
    await delay(AWAY_MS);
    served.worker = await scene.startWorker();
  };
  const server = (end: () => Promise<void>) => async () => {
    await end();
    await delay(AWAY_MS);
    await temporal.start();
  };
  return {
    'API ended': api((process) => process.terminate()),
    'API killed': api((process) => process.kill()),
    'worker ended': worker((process) => process.terminate()),
    'worker killed': worker((process) => process.kill()),
    'database killed': () => database.restart(),
    'Temporal ended': server(() => temporal.stop()),
    'Temporal killed': server(() => temporal.kill()),
  };
}

/** Each in its turn, at a moment of the seed, when the one before is over and requests are answered again. */
async function troubleAll(scene: Scene, load: Load, troubles: Troubles): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [what, trouble] of Object.entries(troubles)) {
      await delay(scene.random.uniform() * LATEST_MOMENT_MS);
      while (load.underWay() < STRUCK) await delay(1);
      const [struck, from] = [load.underWay(), performance.now()];
      await trouble();
      windows.push({ what, struck, from, to: performance.now() });
      await load.answers(CONNECTIONS);
    }
  return windows;
}

interface Played {
  readonly name: string;
  readonly databaseUrl: string;
  readonly client: ApiClient;
  readonly load: Load;
  readonly windows: readonly Window[];
}

async function account(scene: Scene, { name, databaseUrl, client, load, windows }: Played): Promise<readonly Figure[]> {
  // As the sweeper does it, for which runs of this age are ones that may still be started.
  const ages = { olderThanMs: 0, startableMs: 0 };
  const { closed } = await sweeperOf(scene.runtime.store, scene.temporal, ages)();
  const { runs } = await readApiRecords(databaseUrl, OWNER);
  const shown = await Promise.all(runs.map(({ runId }) => client.ended(runId)));
  return figuresOf({
    ...{ name, windows, swept: closed, asked: load.asked, statuses: client.statuses, owner: OWNER, least: LEAST_MET },
    records: await readApiRecords(databaseUrl, OWNER), // now that those have ended that nobody waited for
    shown: new Map(shown.flatMap((ended) => (ended ? [[ended.runId, ended] as const] : []))),
    lines: scene.ledger.lines(),
  });
}
