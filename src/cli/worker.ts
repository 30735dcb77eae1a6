/** `sluice worker`: a worker alone, on servers that run already; as many as the load asks for. */
import type { Command } from 'commander';
import { count } from '../base/format.ts';
import { actingCommand, runAction, type World } from './command.ts';
import { untilStopped } from './dev.ts';
import type { ExitCode, Session } from './session.ts';
import { orStopped, stopWithin } from './with-servers.ts';
import { workerVersionsCommand } from './worker-versions.ts';

export function workerCommand(world: World): Command {
  return actingCommand('worker', {
    summary: 'run a worker on configured servers, or on those of sluice dev, until Ctrl-C',
    examples: [
      ['worker', 'on TEMPORAL_ADDRESS and DATABASE_URL, or what sluice dev serves here'],
      ['worker --quiet', 'without the lines about what is starting'],
      ['worker versions', 'which build new runs go to'],
    ],
  })
    .action((_options: object, command: Command) => runAction(world, command, worker))
    .addCommand(workerVersionsCommand(world));
}

async function worker(session: Session): Promise<ExitCode> {
  const { terminal, services } = session;
  const project = await services.project();
  const runtime = await orStopped(session.signal, services.connectWorker(project));
  try {
    const { address, namespace } = runtime.temporal;
    terminal.print(
      `✔ worker on ${address} (${namespace}), ${count(project.pipelines.size, 'pipeline')}; stop with Ctrl-C`,
    );
    return await untilStopped(session, runtime);
  } finally {
    await stopWithin(terminal, runtime, 'stopping: nothing is under way');
  }
}
