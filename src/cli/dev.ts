/** `sluice dev`: everything a pipeline needs to run, served from this folder until Ctrl-C. */
import type { Command } from 'commander';
import { count, showDuration } from '../base/format.ts';
import { readPackage } from '../base/package.ts';
import type { Project } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Plan } from '../plan/plan.ts';
import { actingCommand, runAction, type World } from './command.ts';
import {
  END_LIMIT_MS,
  EXIT,
  type ExitCode,
  Interrupted,
  interruption,
  orInterrupted,
  redactionOf,
  type Session,
} from './session.ts';
import { stopLine, stopWithin, whenFree, withRuntime } from './with-servers.ts';
import { missingKeys, runnableInstead } from './without-keys.ts';

export function devCommand(world: World): Command {
  return actingCommand('dev', {
    summary: 'serve this folder: Temporal, its UI, a database and a worker, until Ctrl-C',
    examples: [
      ['dev', 'then, in another terminal: sluice ask …'],
      ['dev --quiet', 'without the lines about what is starting'],
    ],
  }).action((_options: object, command: Command) => runAction(world, command, dev));
}

async function dev(session: Session): Promise<ExitCode> {
  const { terminal, services } = session;
  const startedAt = performance.now();
  const project = await services.project();
  const onProgress = (message: string) => terminal.note(message);
  const runtime = await whenFree(session, () => services.start({ serves: 'folder', project, onProgress }));
  try {
    for (const line of await servingLines(runtime, project)) terminal.print(line);
    for (const line of await orInterrupted(session.signal, keyLines(session, runtime, project), END_LIMIT_MS))
      terminal.print(line);
    terminal.print(`ready in ${showDuration(performance.now() - startedAt)}; stop with Ctrl-C`);
    return await untilStopped(session, runtime);
  } finally {
    await stopWithin(terminal, runtime, 'stopping: nothing is under way');
  }
}

/** What is served and where, a line each. */
async function servingLines({ temporal, databaseUrl }: Runtime, project: Project): Promise<string[]> {
  const { describePlace } = await import('../store/database.ts');
  return [
    `✔ Temporal    ${temporal.uiUrl}  (server ${temporal.address}, namespace ${temporal.namespace})`,
    `✔ database    ${describePlace(databaseUrl)}`,
    `✔ worker      ${count(project.pipelines.size, 'pipeline')}: ${[...project.pipelines.keys()].join(', ')}`,
    `              activities ${project.activitiesFrom}`,
  ];
}

/** Which pipelines lack the keys of their models, and which variables those are. */
async function keyLines({ environment }: Session, { client }: Runtime, { pipelines }: Project): Promise<string[]> {
  const lacking: string[] = [];
  const variables = new Set<string>();
  // Whatever else such a pipeline lacks is said to whoever runs it: the others are served all the same.
  const missingOf = (plan: Plan) => missingKeys(client, plan).catch(() => []);
  for (const [name, pipeline] of pipelines) {
    if (name.includes(':')) continue;
    const missing = await missingOf(pipeline.plan);
    for (const variable of missing) variables.add(variable);
    if (missing.length === 0) continue;
    const instead = await runnableInstead(pipelines, pipeline, environment, missingOf);
    lacking.push(instead ? `${instead.variant} for ${name}` : `no ${name}`);
  }
  return lacking.length === 0 ? [] : [`              no ${[...variables].join(', no ')}: runs ${lacking.join(', ')}`];
}

/** Until Ctrl-C; a server or a worker that ends by itself is an error. */
export async function untilStopped({ signal }: Session, { failed }: Runtime): Promise<ExitCode> {
  try {
    await Promise.race([interruption(signal), failed]);
  } catch (error) {
    // Being stopped is how serving ends well.
    if (!(error instanceof Interrupted)) throw error;
  }
  return EXIT.fine;
}

/** `sluice serve`: the HTTP API, over servers that run; where none do, with those of `sluice dev` besides. */
export function serveCommand(world: World): Command {
  return actingCommand('serve', {
    summary: 'serve the HTTP API until Ctrl-C',
    examples: [
      ['serve', 'on http://127.0.0.1:8080, or SLUICE_HTTP_LISTEN'],
      ['keys create my-app --scope ask,feedback', 'the key that requests need'],
    ],
  }).action((_options: object, command: Command) => runAction(world, command, serve));
}

function serve(session: Session): Promise<ExitCode> {
  const { services } = session;
  return withRuntime(session, { project: services.project, serves: 'folder', endLimitMs: null }, (runtime) =>
    serveOn(session, runtime),
  );
}

async function serveOn(session: Session, runtime: Runtime): Promise<ExitCode> {
  const { terminal, services } = session;
  const [{ http, shutdownGraceMs, runDeadlineMs, encryption }, pipelines, rowSchemas, redaction] = await Promise.all([
    services.config(),
    services.pipelines(),
    services.datasets(),
    redactionOf(session),
  ]);
  const [evaluations, experiments, definedMonitors] = await Promise.all([
    services.evaluations(),
    services.experiments(),
    services.monitors(),
  ]);
  const defined = [...evaluations.values(), ...experiments.values()];
  // Loaded here: no other command needs a web server.
  const { serveApi } = await import('../api/serve.ts');
  const { version } = readPackage();
  const log = (entry: object) => terminal.note(JSON.stringify({ at: new Date().toISOString(), ...entry }));
  const api = await serveApi({
    runtime,
    pipelines,
    http,
    version,
    rowSchemas,
    redaction,
    definedMonitors,
    scorersOf: (id) => defined.filter(({ pipeline }) => pipeline.id === id).flatMap(({ scorers }) => scorers),
    runDeadlineMs,
    log,
    ...(encryption && { encryption }),
  });
  try {
    terminal.print(`✔ API         ${api.url}  (${count(pipelines.size, 'pipeline')}; ${api.url}/docs shows all of it)`);
    const keys = await orInterrupted(session.signal, runtime.store.apiKeys.list(), END_LIMIT_MS);
    if (!keys.some(({ revokedAt, isExpired }) => revokedAt === null && !isExpired))
      terminal.print('              there is no key yet: sluice keys create my-app --scope ask,feedback');
    return await untilStopped(session, runtime);
  } finally {
    const requests = api.requestsUnderWay();
    terminal.note(
      requests > 0 ? stopLine(count(requests, 'request'), shutdownGraceMs) : 'stopping: no request is under way',
    );
    await api.close(shutdownGraceMs);
  }
}
