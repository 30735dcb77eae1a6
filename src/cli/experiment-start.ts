/** `sluice experiment start`: on live traffic, after a look ahead. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showPercent, showSpan } from '../base/format.ts';
import { noBaseline } from '../client/deploy-refusals.ts';
import { ROLLOUT_DEFAULTS, rolloutSpec } from '../experiment/rollout-spec.ts';
import type { Forecast } from '../experiment/traffic.ts';
import type { Runtime } from '../host/runtime.ts';
import { type ExperimentSpec, judgedWarning } from '../model/experiment-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { type ForeseeOptions, findDefined, foreseeIn, noteUnnamed, withForeseeOptions } from './experiment-plan.ts';
import { groupOf, workflowIdOf } from './experiment-text.ts';
import { findPipeline, findVariant } from './lookup.ts';
import { duration } from './options.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { wrap } from './table.ts';
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
async function requireDeployed(
  { store }: Pick<Runtime, 'store'>,
  spec: Pick<ExperimentSpec, 'name' | 'pipeline'>,
): Promise<void> {
  if ((await store.deployments.current(spec.pipeline)) === undefined) throw noBaseline(spec);
}

function hopeless(id: string, foreseen: Forecast): SluiceError {
  return new SluiceError('experiment_hopeless', {
    message: `'${id}' would hardly end with a verdict: ${foreseen.hopeless.join('; ')}`,
    remedy: `see the plan (sluice experiment plan ${id}), and ask for a larger effect, more of the traffic or more time; or --force`,
    data: { experiment: id, hopeless: foreseen.hopeless },
  });
}

/** @param days until it is decided; null: not known */
function showStarted(
  { terminal }: Session,
  row: ExperimentRow,
  { client, isEphemeral }: Pick<Runtime, 'client' | 'isEphemeral'>,
  days: number | null,
): void {
  const { experimentId, pipeline, spec, winner } = row;
  const { stop, unitName, rollout } = spec;
  const group = groupOf(row);
  const arms = spec.arms.map(({ name, weight }) => `${showPercent(weight)} ${name}`).join(', ');
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  print(
    winner === null
      ? `${experimentId} has started on ${pipeline}: ${showPercent(spec.share)} of ${unitName}s are in it`
      : `${experimentId} has started: ${winner} is rolled out to ${rollout.steps.map(showPercent).join(', ')} of ${pipeline}'s traffic`,
    '',
  );
  print(
    `${winner === null ? 'of these' : `${showPercent(spec.share)} of ${unitName}s stay split, to see harm by`}: ${arms}`,
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
  if (isEphemeral) terminal.print('  no server runs here: it goes on when one does: sluice dev');
  terminal.print(
    `  follow it: sluice ${group} status ${experimentId}      end it: sluice ${group} abort ${experimentId}`,
  );
}

interface RolloutOptions {
  readonly variant: string;
  readonly share: number;
  readonly steps: readonly number[];
  readonly soak: number;
  readonly force?: boolean;
  readonly why: string;
}

/** `sluice rollout start`: gives a variant to more and more of a pipeline's traffic, with guardrails against the rest. */
export function rolloutStartCommand(world: World): Command {
  const { share, steps, soakMs } = ROLLOUT_DEFAULTS;
  return readingCommand('start', {
    summary: 'give a variant to more and more of the traffic, until it is what is served',
    examples: [
      ['rollout start docs-bot --variant deep --why "won retrieval-1f2e"', '10, 25, 50, 100 %, an hour each'],
      ['rollout start docs-bot --variant deep --steps 0.5,1 --soak "10 minutes"', 'faster'],
    ],
  })
    .argument('<pipeline>', 'its id, or the beginning of it')
    .requiredOption('--variant <name>', 'the variant that is to be served')
    .option('--share <share>', 'the part of all units that stays split, to see harm by', shareAbove0, share)
    .addOption(
      new Option('--steps <shares>', 'parts of the other traffic, rising to 1')
        .argParser(risingSteps)
        .default(steps, steps.join(',')),
    )
    .addOption(
      new Option('--soak <duration>', 'each step lasts at least so long').argParser(duration).default(soakMs, '1 hour'),
    )
    .option('--why <text>', 'the reason, for the history', 'rolled out from the command line')
    .option(
      '--force',
      'also where so few come that it would take weeks, or the variant changes more of what is deployed than it says',
    )
    .action((name: string, options: RolloutOptions, command: Command) =>
      runAction(world, command, (session) => startRollout(session, name, options)),
    );
}

function shareAbove0(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1))
    throw new InvalidArgumentError('give a number above 0 and at most 1.');
  return value;
}

function risingSteps(text: string): readonly number[] {
  const steps = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const isRising = steps.every((step, index) => step > (steps[index - 1] ?? 0));
  if (!isRising || steps.at(-1) !== 1 || steps.length > LIMITS.rolloutSteps)
    throw new InvalidArgumentError(
      `give at most ${LIMITS.rolloutSteps} numbers that rise from above 0 to 1, such as 0.1,0.25,0.5,1.`,
    );
  return steps;
}

async function startRollout(session: Session, name: string, options: RolloutOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const pipelines = await services.pipelines();
  const [, { id: pipeline }] = findPipeline(pipelines, name);
  const variant = await findVariant(session, pipeline, options.variant);
  const code = pipelines.get(pipeline)?.plan;
  const { share, steps, soak } = options;
  const spec = rolloutSpec({ pipeline, variant, share, steps, soakMs: soak });
  return showAfter(session, { project: services.project }, async (runtime) => {
    await requireDeployed(runtime, spec);
    const foreseen = await foreseeIn(runtime.store, spec, { assume: [] }, Date.now());
    const days = daysOf(spec, foreseen);
    if (days !== null && days > MOST_DAYS && !options.force) throw tooSlow(spec, days);
    noteUnnamed(terminal, spec, foreseen);
    const { freezeSettings } = await import('../experiment/method.ts');
    const row = await runtime.client.startRollout({
      ...{ spec, settings: freezeSettings(spec, foreseen.plan.tuning), winner: variant.name },
      ...{ by: userName(environment), why: options.why },
      ...(code && !options.force && { writtenFor: code }),
    });
    const temporalUrl = runtime.client.urlOf(workflowIdOf(row));
    return () => {
      if (terminal.json) terminal.printJson({ ...row, temporalUrl, days });
      else showStarted(session, row, runtime, days);
      return EXIT.fine;
    };
  });
}

/** As long as an experiment may last. */
const MOST_DAYS = 28;
const DAY_MS = 86_400_000;

/** Days that it takes at this pace if all goes well; null: not known. */
function daysOf({ rollout: { steps, soakMs, unitsPerStep } }: ExperimentSpec, { plan }: Forecast): number | null {
  if (plan.unitsPerDay === null) return null;
  return steps.length * Math.max(soakMs / DAY_MS, unitsPerStep / plan.unitsPerDay);
}

function tooSlow({ pipeline, share, rollout, unitName }: ExperimentSpec, days: number): SluiceError {
  return new SluiceError('rollout_hopeless', {
    message: `the rollout on '${pipeline}' would take about ${count(Math.ceil(days), 'day')}: each of ${rollout.steps.length} steps waits for ${rollout.unitsPerStep} ${unitName}s of the split`,
    remedy: `split more of the traffic than ${share} (--share 0.5), take fewer steps (--steps 0.5,1), serve it at once (sluice deploy ${pipeline} --variant NAME); or --force`,
    data: { pipeline, days },
  });
}
