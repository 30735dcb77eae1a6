/** `sluice deploy`: what each pipeline's name serves, changed, rolled back, and seen. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showPercent, showTime } from '../base/format.ts';
import type { Deployed } from '../client/deploy-client.ts';
import { MOST_HELD_OUT } from '../client/deploy-refusals.ts';
import { type AnyPipeline, isVariant } from '../dsl/edit.ts';
import { winnersIn } from '../experiment/promoted.ts';
import type { Runtime } from '../host/runtime.ts';
import { diffPlans, type PlanChange, showDiff } from '../plan/diff.ts';
import { shortId } from '../plan/id.ts';
import type { DeploymentRow, Restaging } from '../store/deployments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed, findPipeline, findVariant } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, isNamed, type Session, userName } from './session.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { showAfter, withStore } from './with-servers.ts';

interface DeployOptions {
  readonly variant?: string;
  readonly why?: string;
  readonly holdOut?: number;
  readonly force?: boolean;
  readonly rollback?: number | true;
  readonly history?: boolean;
}

const MOST_DEPLOYMENTS = 1_000_000;
const SHOWN_HISTORY = 50;

export function deployCommand(world: World): Command {
  return readingCommand('deploy', {
    summary: "change what a pipeline's name serves, or show it",
    examples: [
      ['deploy', 'what is deployed'],
      ['deploy docs-bot', 'serve the definition in code'],
      ['deploy docs-bot --variant wide --why "won retrieval-1f2e"', 'serve a variant of it'],
      ['deploy docs-bot --rollback', 'serve again what was served before'],
      ['deploy docs-bot --history', 'what was deployed when, by whom, and why'],
    ],
  })
    .argument('[pipeline]', 'its name, or the beginning of it')
    .option('--variant <name>', 'the variant that is deployed, instead of the pipeline itself')
    .option('--why <text>', 'the reason, for the history')
    .addOption(
      new Option('--hold-out <share>', 'the part of all units that is in no experiment and no rollout').argParser(
        share,
      ),
    )
    .option('--force', 'also where it undoes what an experiment has won, or ends one that is live')
    .addOption(
      new Option('--rollback [number]', 'serve what an earlier deployment did')
        .argParser(positiveInteger(MOST_DEPLOYMENTS))
        .conflicts(['variant', 'holdOut', 'history']),
    )
    .addOption(
      new Option('--history', 'list its deployments').conflicts(['variant', 'holdOut', 'rollback', 'force', 'why']),
    )
    .action((name: string | undefined, options: DeployOptions, command: Command) =>
      runAction(world, command, (session) => choose(session, name, options)),
    );
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= MOST_HELD_OUT))
    throw new InvalidArgumentError(`give a number from 0 to ${MOST_HELD_OUT}, such as 0.05 for 5 %.`);
  return value;
}

function choose(session: Session, name: string | undefined, options: DeployOptions): Promise<ExitCode> {
  if (name !== undefined && options.history) return history(session, name);
  if (name !== undefined && options.rollback !== undefined) return rollBack(session, name, options);
  if (name !== undefined) return deploy(session, name, options);
  const [given] = Object.keys(options).filter((key) => ACTING.has(key));
  if (given === undefined) return list(session);
  throw new SluiceError('usage', {
    message: 'it is not said which pipeline is meant',
    remedy: 'name it: sluice deploy',
  });
}

const ACTING: ReadonlySet<string> = new Set(['variant', 'why', 'holdOut', 'force', 'rollback', 'history']);

async function list(session: Session): Promise<ExitCode> {
  const deployments = await withStore(session, ({ store }) => store.deployments.list());
  if (session.terminal.json) session.terminal.printJson(deployments);
  else showDeployments(session.terminal, deployments);
  return EXIT.fine;
}

async function history(session: Session, name: string): Promise<ExitCode> {
  const rows = await withStore(session, async ({ store }) =>
    store.deployments.history(await findDeployed(store, name), SHOWN_HISTORY),
  );
  if (session.terminal.json) session.terminal.printJson(rows);
  else showHistory(session.terminal, rows);
  return EXIT.fine;
}

/** Whether or not the code still has it. */
async function findDeployed({ deployments }: Pick<Runtime['store'], 'deployments'>, name: string): Promise<string> {
  const among = await deployments.list();
  const whenNone = `nothing is deployed yet: sluice deploy ${name}`;
  return findNamed({ kind: 'deployment', name, among, nameOf: ({ pipeline }) => pipeline, whenNone }).pipeline;
}

async function deploy(session: Session, name: string, options: DeployOptions): Promise<ExitCode> {
  const { pipeline, variant } = await wanted(session, name, options.variant);
  const { holdOut, force = false, why = 'deployed from code' } = options;
  return acting(session, (runtime, mayEnd) =>
    runtime.client.deploy({
      ...{ pipeline: pipeline.id, plan: pipeline.plan, by: userName(session.environment), why, force, mayEnd },
      ...(variant !== undefined && { variant }),
      ...(holdOut !== undefined && { holdOut }),
    }),
  );
}

/** `docs-bot --variant wide`, or `docs-bot:wide`. */
async function wanted(
  session: Session,
  name: string,
  variantName: string | undefined,
): Promise<{ readonly pipeline: AnyPipeline; readonly variant?: string }> {
  const [, pipeline] = findPipeline(await session.services.pipelines(), name);
  if (variantName !== undefined) {
    const variant = await findVariant(session, pipeline.id, variantName);
    return { pipeline: variant, variant: variant.name };
  }
  return { pipeline, ...(isVariant(pipeline) && { variant: pipeline.name }) };
}

async function rollBack(session: Session, name: string, options: DeployOptions): Promise<ExitCode> {
  const { rollback, force = false, why } = options;
  const to = rollback === true ? undefined : rollback;
  return acting(session, async ({ client, store }, mayEnd) =>
    client.rollbackDeployment(await findDeployed(store, name), {
      ...(to !== undefined && { to }),
      ...{ by: userName(session.environment), why: why ?? 'rolled back by hand', force, mayEnd },
    }),
  );
}

/** Does it; where it would end live experiments, and somebody is there to be asked, once more if they say so. */
function acting(
  session: Session,
  act: (runtime: Runtime, mayEnd: readonly string[]) => Promise<Deployed>,
): Promise<ExitCode> {
  const { terminal, services } = session;
  return showAfter(session, { project: services.project }, async (runtime) => {
    const deployed = await act(runtime, []).catch(async (error: unknown) => {
      const ending = endedBy(error);
      if (ending === undefined || session.ask === undefined) throw error;
      for (const line of ending.message.split('\n')) terminal.warn(line);
      const [only, ...others] = ending.experiments;
      const isAgreed = await isNamed(session, 'They end for good.', others.length === 0 ? only! : ending.pipeline);
      if (!isAgreed) throw error;
      return act(runtime, ending.experiments);
    });
    const { before, deployment } = deployed;
    const plans = before && [
      await runtime.store.plans.get(before.planId),
      await runtime.store.plans.get(deployment.planId),
    ];
    const changes = plans === undefined ? [] : diffPlans(plans[0]!, plans[1]!);
    return () => {
      if (terminal.json) terminal.printJson({ ...deployed, changes });
      else showDeployed(terminal, deployed, changes);
      return EXIT.fine;
    };
  });
}

interface Ending {
  readonly message: string;
  readonly pipeline: string;
  readonly experiments: readonly string[];
}

function endedBy(error: unknown): Ending | undefined {
  if (!(error instanceof SluiceError) || error.code !== 'deployment_ends_experiments') return undefined;
  const { pipeline, experiments } = error.data as unknown as {
    readonly pipeline: string;
    readonly experiments: readonly { readonly experimentId: string }[];
  };
  return { message: error.message, pipeline, experiments: experiments.map(({ experimentId }) => experimentId) };
}

/** Of a plan's differences so many are shown. */
const SHOWN_CHANGES = 12;

/** How deployments are told: what is served first, then since when and why, the next command last. */
function showDeployed(
  terminal: Terminal,
  { deployment, before, isChanged, restaged, undone }: Deployed,
  changes: readonly PlanChange[],
): void {
  const { pipeline, deploymentNo, by, why, at, holdOut } = deployment;
  const [no, name] = [`deployment ${deploymentNo}`, servedText(deployment)];
  if (!isChanged) {
    terminal.print(`${pipeline} serves ${name} already: nothing is changed`);
    terminal.print(`  ${no}, since ${showTime(at)}, by ${by}: ${why}`);
    terminal.print(`  its history: sluice deploy ${pipeline} --history`);
    return;
  }
  terminal.print(`${pipeline} serves ${name} now (${no})`);
  if (before === undefined) terminal.print('  nothing was deployed before: runs got the definition in code');
  else
    terminal.print(
      `  before: ${servedText(before)} (deployment ${before.deploymentNo}, by ${before.by}: ${before.why})`,
    );
  for (const line of changeLines(changes)) terminal.print(`  ${line}`);
  if (holdOut !== (before?.holdOut ?? 0)) terminal.print(`  hold-out: ${showPercent(holdOut)} of all units`);
  for (const { node, experiments } of undone)
    terminal.print(`  undone: what ${experiments.join(', ')} won at '${node}'`);
  for (const restaging of restaged) terminal.print(`  ${restagingText(restaging)}`);
  terminal.print('  it holds for new runs within 2 s; runs under way end on the plan they began with');
  if (before !== undefined) terminal.print(`  back: sluice deploy ${pipeline} --rollback ${before.deploymentNo}`);
  else terminal.print(`  try it: sluice ask ${pipeline} "…"`);
}

function showDeployments(terminal: Terminal, deployments: readonly DeploymentRow[]): void {
  if (deployments.length === 0) {
    terminal.print('nothing is deployed: runs get the definitions in code');
    terminal.print('  deploy one: sluice deploy PIPELINE');
    return;
  }
  terminal.print(`${count(deployments.length, 'pipeline')} deployed`);
  for (const line of deploymentTable(deployments, 'pipeline', ({ pipeline }) => pipeline, terminal.room))
    terminal.print(line);
  terminal.print(`change one: sluice deploy ${deployments[0]!.pipeline}`);
}

/** @param rows of one pipeline, newest first, at least one */
function showHistory(terminal: Terminal, rows: readonly DeploymentRow[]): void {
  const current = rows[0]!;
  terminal.print(`${current.pipeline} serves ${servedText(current)} (deployment ${current.deploymentNo})`);
  for (const line of deploymentTable(rows, '', ({ kind }) => KINDS[kind], terminal.room)) terminal.print(line);
  const other = rows.find(({ planId }) => planId !== current.planId);
  if (other) terminal.print(`go back: sluice deploy ${current.pipeline} --rollback ${other.deploymentNo}`);
}

const KINDS: { readonly [Kind in DeploymentRow['kind']]: string } = {
  deploy: 'deployed',
  rollback: 'rolled back',
  promote: 'promoted',
};

function deploymentTable(
  rows: readonly DeploymentRow[],
  heading: string,
  first: (row: DeploymentRow) => string,
  room: number,
): string[] {
  return tableLines(
    rows,
    [
      { heading, cell: first },
      { heading: 'no', cell: ({ deploymentNo }) => deploymentNo, align: 'right' },
      { heading: 'plan', cell: ({ planId }) => shortId(planId) },
      { heading: 'variant', cell: ({ variant }) => variant },
      { heading: 'won by', cell: ({ promoted }) => promoted.map(({ experiment }) => experiment).join(', ') },
      { heading: 'hold-out', cell: ({ holdOut }) => (holdOut === 0 ? null : showPercent(holdOut)), align: 'right' },
      { heading: 'since', cell: ({ at }) => showTime(at) },
      { heading: 'by', cell: ({ by }) => by },
      { heading: 'why', cell: ({ why }) => why, isFlexible: true },
    ],
    room,
  );
}

/** `plan 4f1c09ab12cd (variant wide)`. */
function servedText({ planId, variant, promoted }: DeploymentRow): string {
  const parts = [
    ...(variant === null ? [] : [`variant ${variant}`]),
    ...(promoted.length === 0 ? [] : [`with what ${winnersIn(promoted).join(', ')} won`]),
  ];
  return `plan ${shortId(planId)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

function changeLines(changes: readonly PlanChange[]): string[] {
  const lines = showDiff(changes.slice(0, SHOWN_CHANGES))
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
  const more = changes.length - SHOWN_CHANGES;
  return more > 0 ? [...lines, `and ${count(more, 'more difference')}`] : lines;
}

function restagingText({ experimentId, stage, to, why }: Restaging): string {
  const what = to === 'stage' ? `goes on in stage ${stage + 1}` : 'has ended, superseded';
  return `experiment ${experimentId} ${what}: ${why}`;
}
