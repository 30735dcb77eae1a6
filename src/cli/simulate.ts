/** `sluice simulate`: traffic by people who are made up, through the same doors as real ones. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import type { Example, Split } from '../model/dataset.ts';
import type { SimulationResult } from '../simulation/simulate.ts';
import { SIMULATION_LIMITS, type SimulationSettings, USUAL } from '../simulation/simulated-users.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findPipeline, findVersion } from './lookup.ts';
import { duration, positiveInteger, share } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withRuntime } from './with-servers.ts';

interface SimulateOptions {
  readonly dataset: string;
  readonly split: Split | 'all';
  readonly users: number;
  readonly requests: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly rating: number;
  readonly noise: number;
  readonly drift: number;
  readonly late: number;
  readonly lateBy: number;
  readonly duplicates: number;
  readonly looksAt: number;
}

const MOST_SEED = 1_000_000;
const LATE_BY_MS = 5_000;

export function simulateCommand(world: World): Command {
  const { users, requests, concurrency } = SIMULATION_LIMITS;
  return readingCommand('simulate', {
    summary: 'let made-up people ask and rate, to try experiments on; all they say is marked as simulated',
    examples: [
      ['simulate docs-search --dataset ai-docs', '1,000 requests by 500 people'],
      ['simulate docs-bot --dataset ai-docs --requests 200 --noise 0.3', 'people who often err'],
      ['simulate docs-search --dataset ai-docs --late 0.1 --duplicates 0.2', 'as networks deliver'],
    ],
  })
    .argument('<pipeline>', 'its id: what is served under it is asked')
    .requiredOption('--dataset <name>', 'whose questions are asked, and whose ground truth answers are rated by')
    .addOption(new Option('--split <split>', 'which of its examples').choices(['dev', 'final', 'all']).default('dev'))
    .option('--users <n>', 'people, each with an id that it keeps', positiveInteger(users), USUAL.users)
    .option('--requests <n>', 'how often they ask', positiveInteger(requests), USUAL.requests)
    .option('--concurrency <n>', 'requests at once', positiveInteger(concurrency), USUAL.concurrency)
    .option('--seed <n>', 'other people, who ask otherwise', positiveInteger(MOST_SEED), USUAL.seed)
    .option('--rating <share>', 'answers that people rate', share, USUAL.rating)
    .option('--noise <share>', 'thumbs that say the opposite of what is right', share, USUAL.noise)
    .option('--drift <share>', 'how much more often a thumb is down in the end', share, USUAL.drift)
    .option('--late <share>', 'feedback that is delivered late', share, USUAL.late)
    .option('--late-by <duration>', 'how late', duration, LATE_BY_MS)
    .option('--duplicates <share>', 'feedback that is delivered twice', share, USUAL.duplicates)
    .option('--looks-at <n>', 'passages that people look at, from the first', positiveInteger(100), USUAL.looksAt)
    .action((pipeline: string, options: SimulateOptions, command: Command) =>
      runAction(world, command, (session) => simulateTraffic(session, pipeline, options)),
    );
}

async function simulateTraffic(session: Session, name: string, options: SimulateOptions): Promise<ExitCode> {
  const { services, terminal, signal } = session;
  const pipelines = await services.pipelines();
  const [, pipeline] = findPipeline(pipelines, name);
  checkNoWrites([...pipelines.values()].filter(({ id }) => id === pipeline.id));
  const { dataset, split, lateBy, ...drawn } = options;
  const settings: SimulationSettings = { ...drawn, lateMs: lateBy };
  const result = await withRuntime(session, { project: services.project }, async ({ client, store }) => {
    const examples = await examplesOf(store, dataset, split);
    terminal.note(`simulated: ${count(settings.users, 'person', 'people')}, who are made up; seed ${settings.seed}`);
    const progress = terminal.progress('asked');
    const { simulate } = await import('../simulation/simulate.ts');
    const onProgress = ({ asked, up, down }: SimulationResult) =>
      progress.update(asked, settings.requests, [`${up} up, ${down} down`]);
    return simulate({ client, pipeline, examples, settings, signal, onProgress }).finally(() => progress.stop());
  });
  if (terminal.json) terminal.printJson({ simulated: true, settings, result });
  else for (const line of linesOf(result, name)) terminal.print(line);
  return signal.aborted ? EXIT.interrupted : EXIT.fine;
}

/** Its runs are live ones, which would write; those who ask are made up. Variants count, since they may be served. */
function checkNoWrites(pipelines: readonly AnyPipeline[]): void {
  const writes = pipelines.flatMap(({ steps }) => steps.filter(({ effect }) => effect === 'write'));
  if (writes.length === 0) return;
  const steps = [...new Set(writes.map(({ name, version }) => `${name}@${version}`))].sort();
  throw new SluiceError('simulation_writes', {
    message: `made-up requests to '${pipelines[0]!.id}' would execute ${steps.join(', ')}, which writes`,
    remedy: 'simulate a pipeline without such steps; to try this one on recorded runs: sluice backtest',
    data: { steps },
  });
}

/** In the order of their ids, so that the same seed asks the same. */
async function examplesOf(store: Store, dataset: string, split: SimulateOptions['split']): Promise<readonly Example[]> {
  const { version } = await findVersion(store, dataset);
  const examples = await Array.fromAsync(store.datasets.eachExample(version, split === 'all' ? {} : { split }));
  if (examples.length > 0) return examples;
  throw new SluiceError('dataset_empty', {
    message: `${dataset} has no examples in '${split}'`,
    remedy: 'choose another --split, or import examples: sluice dataset import',
  });
}

function linesOf({ arms, ...sums }: SimulationResult, pipeline: string): string[] {
  const { asked, failed, satisfied, up, down, late, twice } = sums;
  const rows = Object.entries(arms).map(([arm, counts]) => ({ arm, ...counts }));
  return [
    `simulated: ${count(asked, 'request')} to ${pipeline}, ${failed} failed; ${satisfied} answers had what is right`,
    `  ${up} thumbs up, ${down} down; ${late} delivered late, ${twice} twice`,
    ...(rows.length === 0 ? ['  no experiment is on'] : tableLines(rows, COLUMNS).map((line) => `  ${line}`)),
    '  what became of it: sluice experiment list',
  ];
}

const COLUMNS = [
  { heading: 'arm', cell: ({ arm }: ArmRow) => arm },
  { heading: 'runs', cell: ({ runs }: ArmRow) => runs, align: 'right' },
  { heading: 'up', cell: ({ up }: ArmRow) => up, align: 'right' },
  { heading: 'down', cell: ({ down }: ArmRow) => down, align: 'right' },
] as const;

interface ArmRow {
  readonly arm: string;
  readonly runs: number;
  readonly up: number;
  readonly down: number;
}
