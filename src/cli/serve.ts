/** `sluice serve`: the HTTP API, over servers that run; where none do, with those of `sluice dev` besides. */
import type { Command } from 'commander';
import { count } from '../base/format.ts';
import { readPackage } from '../base/package.ts';
import type { Runtime } from '../host/runtime.ts';
import { actingCommand, runAction, type World } from './command.ts';
import { untilStopped } from './dev.ts';
import { redactionOf } from './redacting.ts';
import { END_LIMIT_MS, type ExitCode, orInterrupted, type Session } from './session.ts';
import { stopLine, withRuntime } from './with-servers.ts';

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
