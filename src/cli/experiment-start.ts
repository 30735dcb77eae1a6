/** `sluice experiment start`: on live traffic, after a look ahead. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { noBaseline } from '../client/deploy-refusals.ts';
import { percent, showSpan } from '../experiment/report-text.ts';
import type { Foreseen } from '../experiment/traffic.ts';
import type { Runtime } from '../host/runtime.ts';
import { type ExperimentSpec, judgedWarning } from '../model/experiment-spec.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { type ForeseeOptions, findDefined, foreseeIn, noteUnnamed, withForeseeOptions } from './experiment-foresee.ts';
import { groupOf, workflowIdOf } from './experiment-text.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count, wrap } from './text.ts';
import { userName } from './who.ts';
import { showAfter } from './with-servers.ts';

interface StartOptions extends ForeseeOptions {
  readonly force?: boolean;
  readonly why: string;
}

export function startCommand(world: World): Command {
  return withForeseeOptions(
    readingCommand('start', {
      summary: 'start an experiment on what is deployed; what it asks for is fixed from then on',
      examples: [
        ['experiment start rerank-online --why "it won offline"', 'after a look ahead, which it has to pass'],
        ['experiment start rerank-online --force', 'also where there is no hope of a verdict'],
      ],
    }).argument('<experiment>', 'the id of its definition, or the beginning of it'),
  )
    .option('--why <text>', 'the reason, for the history', 'started from the command line')
    .option(
      '--force',
      'also where it could hardly end with a verdict, or its variants change more of what is deployed than they say',
    )
    .action((name: string, options: StartOptions, command: Command) =>
      runAction(world, command, (session) => start(session, name, options)),
    );
}

async function start(session: Session, name: string, options: StartOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { id, spec, pipeline } = findDefined(await services.experiments(), name);
  return showAfter(session, { project: services.project }, async (runtime) => {
    await requireDeployed(runtime, spec);
    const foreseen = await foreseeIn(runtime.store, spec, options, Date.now());
    if (foreseen.hopeless.length > 0 && !options.force) throw hopeless(id, foreseen);
    noteUnnamed(terminal, spec, foreseen);
    const { freezeSettings } = await import('../experiment/method.ts');
    const row = await runtime.client.startExperiment({
      ...{ spec, settings: freezeSettings(spec, foreseen.plan.tuning) },
      ...{ by: userName(environment), why: options.why },
      ...(!options.force && { writtenFor: pipeline.plan }),
    });
    const temporalUrl = runtime.client.urlOf(workflowIdOf(row));
    return () => {
      if (terminal.json) terminal.printJson({ ...row, temporalUrl, plan: foreseen.plan });
      else {
        showStarted(session, row, runtime, foreseen.plan.days);
        for (const line of foreseen.hopeless) terminal.note(`no hope: ${line}`);
      }
      return EXIT.fine;
    };
  });
}

/** Said before the look ahead: of what is not deployed there is no traffic to look at. @throws SluiceError `not_deployed` */
export async function requireDeployed(
  { store }: Pick<Runtime, 'store'>,
  spec: Pick<ExperimentSpec, 'name' | 'pipeline'>,
): Promise<void> {
  if ((await store.deployments.current(spec.pipeline)) === undefined) throw noBaseline(spec);
}

function hopeless(id: string, foreseen: Foreseen): SluiceError {
  return new SluiceError('experiment_hopeless', {
    message: `'${id}' would hardly end with a verdict: ${foreseen.hopeless.join('; ')}`,
    remedy: `see the plan (sluice experiment plan ${id}), and ask for a larger effect, more of the traffic or more time; or --force`,
    data: { experiment: id, hopeless: foreseen.hopeless },
  });
}

/** @param days until it is decided; null: not known */
export function showStarted(
  { terminal }: Session,
  row: ExperimentRow,
  { client, isPassing }: Pick<Runtime, 'client' | 'isPassing'>,
  days: number | null,
): void {
  const { experimentId, pipeline, spec, winner } = row;
  const { stop, unitName, rollout } = spec;
  const group = groupOf(row);
  const arms = spec.arms.map(({ name, weight }) => `${percent(weight)} ${name}`).join(', ');
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  print(
    winner === null
      ? `${experimentId} has started on ${pipeline}: ${percent(spec.share)} of ${unitName}s are in it`
      : `${experimentId} has started: ${winner} is rolled out to ${rollout.steps.map(percent).join(', ')} of ${pipeline}'s traffic`,
    '',
  );
  print(
    `${winner === null ? 'of these' : `${percent(spec.share)} of ${unitName}s stay split, to see harm by`}: ${arms}`,
  );
  if (winner === null)
    print(
      `${days === null ? 'how long it takes is not known' : `about ${count(Math.ceil(days), 'day')} at this pace`}, at most ${showSpan(stop.maxDurationMs)}; first look in ${showSpan(stop.lookEveryMs)}, and nothing is decided before ${stop.minDurationMs > 0 ? `${showSpan(stop.minDurationMs)} and ` : ''}${stop.minUnits} ${unitName}s in each arm`,
    );
  else
    print(
      `each step lasts at least ${showSpan(rollout.soakMs)} and ${rollout.unitsPerStep} more ${unitName}s of the split; first look in ${showSpan(stop.lookEveryMs)}`,
    );
  const judged = winner === null ? judgedWarning(spec) : null;
  if (judged !== null) print(`! ${judged}`);
  terminal.print(terminal.colours.dim(`  ${client.urlOf(workflowIdOf(row))}`));
  if (isPassing) terminal.print('  no server runs here: it goes on when one does: sluice dev');
  terminal.print(
    `  follow it: sluice ${group} status ${experimentId}      end it: sluice ${group} abort ${experimentId}`,
  );
}
