/** `sluice pipelines`: what each name serves and what is tried on it; of one, which steps are live where, and its prompts. */
import type { Command } from 'commander';
import { shortId, showPercent, showTime } from '../base/format.ts';
import { type AnyPipeline, isVariant } from '../dsl/edit.ts';
import { type LiveStep, liveWords, shareWords } from '../experiment/live-steps.ts';
import { isLive } from '../model/experiment-spec.ts';
import type { Plan } from '../plan/plan.ts';
import type { PromptHistory } from '../plan/prompts.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { stateText } from './experiment-text.ts';
import { findPipeline } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines, wrap } from './table.ts';
import type { Colours, Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface PipelinesOptions {
  readonly prompts?: boolean;
}

interface Listed {
  readonly pipeline: string;
  /** Of what is served. */
  readonly planId: string;
  /** Null: the definition in code is served. */
  readonly deployment: DeploymentRow | null;
  /** Those that the code has. */
  readonly variants: readonly string[];
  /** Of these, included variants that one overrides, by its name. */
  readonly overrides: { readonly [variant: string]: readonly string[] };
  readonly live: readonly Pick<ExperimentRow, 'experimentId' | 'kind' | 'state'>[];
}

const MOST_LIVE = 1_000;

export function pipelinesCommand(world: World): Command {
  return readingCommand('pipelines', {
    summary: 'list what each pipeline serves, or show which steps of one are live where',
    examples: [
      ['pipelines', 'what each serves, its variants in code, and what is tried on it'],
      ['pipelines docs-bot', 'its steps: what is deployed, tested and rolled out, with shares of the traffic'],
      ['pipelines docs-bot --prompts', 'how its prompts changed from deployment to deployment'],
    ],
  })
    .argument('[pipeline]', 'its name, or the beginning of it')
    .option('--prompts', 'the prompts of its steps, and what changed in them')
    .action((name: string | undefined, { prompts = false }: PipelinesOptions, command: Command) =>
      runAction(world, command, async (session) => {
        if (name === undefined) return list(session, prompts);
        const pipelines = await session.services.pipelines();
        const [, found] = findPipeline(pipelines, name);
        // A variant is served only where it is deployed: what its pipeline serves is what is asked of its name, too.
        const { id, plan } = pipelines.get(found.id) ?? found;
        return prompts ? showPrompts(session, id, plan) : showLive(session, id, plan);
      }),
    );
}

async function list(session: Session, prompts: boolean): Promise<ExitCode> {
  const { terminal, services } = session;
  if (prompts) {
    const { SluiceError } = await import('../base/errors.ts');
    throw new SluiceError('usage', {
      message: 'it is not said whose prompts are meant',
      remedy: 'name a pipeline: sluice pipelines NAME --prompts',
    });
  }
  const pipelines = await services.pipelines();
  const { planId } = await import('../plan/id.ts');
  const listed = await withStore(session, async ({ store }): Promise<readonly Listed[]> => {
    const deployments = await store.deployments.list();
    const experiments = (await store.experiments.list({ limit: MOST_LIVE })).filter(isLive);
    return [...pipelines]
      .filter(([name]) => !name.includes(':'))
      .map(([pipeline, { plan }]) => {
        const deployment = deployments.find((each) => each.pipeline === pipeline) ?? null;
        const variants = [...pipelines.keys()].flatMap((each) => {
          const [base, variant] = each.split(':');
          return base === pipeline && variant !== undefined ? [variant] : [];
        });
        const live = experiments.flatMap(({ pipeline: on, experimentId, kind, state }) =>
          on === pipeline ? [{ experimentId, kind, state }] : [],
        );
        const overrides = Object.fromEntries(
          variants.flatMap((variant) => {
            const own = overriddenBy(pipelines.get(`${pipeline}:${variant}`)!);
            return own.length === 0 ? [] : [[variant, own]];
          }),
        );
        return { pipeline, planId: deployment?.planId ?? planId(plan), deployment, variants, overrides, live };
      });
  });
  if (terminal.json) terminal.printJson(listed);
  else if (listed.length === 0) terminal.print('the project has no pipeline; sluice init makes one to begin with');
  else for (const line of listTable(listed, terminal.room)) terminal.print(line);
  return EXIT.fine;
}

/** Names of the included variants that this one overrides. */
const overriddenBy = (pipeline: AnyPipeline): readonly string[] =>
  isVariant(pipeline) ? [...new Set(pipeline.overrides.map(({ variant }) => variant))] : [];

const variantsText = ({ variants, overrides }: Listed): string =>
  variants
    .map((variant) => (overrides[variant] ? `${variant} (overrides ${overrides[variant].join(', ')})` : variant))
    .join(', ');

function listTable(listed: readonly Listed[], room: number): string[] {
  return tableLines(
    listed,
    [
      { heading: 'pipeline', cell: ({ pipeline }) => pipeline },
      { heading: 'serves', cell: ({ deployment }) => servesText(deployment), isFlexible: true },
      { heading: 'plan', cell: ({ planId }) => shortId(planId) },
      { heading: 'since', cell: ({ deployment }) => showTime(deployment?.at ?? null) },
      { heading: 'variants in code', cell: variantsText, isFlexible: true },
      {
        heading: 'live on it',
        cell: ({ live }) => live.map(({ experimentId, state }) => `${experimentId} (${stateText(state)})`).join(', '),
        isFlexible: true,
      },
    ],
    room,
  );
}

function servesText(deployment: DeploymentRow | null): string {
  if (deployment === null) return 'the definition in code';
  const { deploymentNo, variant, holdOut } = deployment;
  return [
    `deployment ${deploymentNo}`,
    ...(variant === null ? [] : [`variant ${variant}`]),
    ...(holdOut > 0 ? [`${showPercent(holdOut)} held out`] : []),
  ].join(', ');
}

/** @param plan its definition in code, which is served where nothing is deployed */
async function showLive(session: Session, pipeline: string, plan: Plan): Promise<ExitCode> {
  const { terminal } = session;
  const { liveOf } = await import('../client/experiment-status.ts');
  const live = await withStore(session, ({ store }) => liveOf(store, pipeline, plan));
  if (terminal.json) {
    terminal.printJson({ pipeline, ...live });
    return EXIT.fine;
  }
  const { deploymentNo, planId, steps } = live;
  const what = deploymentNo === null ? 'the definition in code' : `deployment ${deploymentNo}`;
  terminal.print(`${pipeline} serves ${what}, plan ${shortId(planId)}`);
  for (const line of tableLines(steps, columnsOf(deploymentNo), terminal.room)) terminal.print(line);
  const hasOthers = steps.some(({ by }) => by !== 'deployment');
  terminal.note(
    hasOthers
      ? 'shares are of requests that say for whom they are, and whom the experiment is about'
      : 'nothing is tried on it now',
  );
  return EXIT.fine;
}

const columnsOf = (deploymentNo: number | null): readonly Column<LiveStep>[] => [
  { heading: 'node', cell: ({ node, by }) => (by === 'deployment' ? node : ' ') },
  { heading: 'step', cell: ({ step }) => step },
  { heading: 'share', cell: shareWords, align: 'right' },
  { heading: 'by', cell: (step) => liveWords(step, deploymentNo), isFlexible: true },
  { heading: 'differs in', cell: ({ differs }) => differs.join(', ') },
  { heading: 'else', cell: ({ fallback }) => fallback },
];

/** Deployments that are looked through, and plans of them that are read: as on the screen. */
const MOST_DEPLOYMENTS = 100;
const MOST_PLANS = 20;

type Deployment = Pick<DeploymentRow, 'deploymentNo' | 'planId' | 'at' | 'by' | 'why'>;

/** @param plan its definition in code, whose prompts are shown where nothing is deployed */
async function showPrompts(session: Session, pipeline: string, plan: Plan): Promise<ExitCode> {
  const { terminal } = session;
  const { promptHistories } = await import('../plan/prompts.ts');
  const { histories, isWhole } = await withStore(session, async ({ store }) => {
    const rows = await store.deployments.history(pipeline, MOST_DEPLOYMENTS);
    if (rows.length === 0) return { histories: promptHistories([IN_CODE], new Map([['', plan]])), isWhole: true };
    const all = [...new Set(rows.map(({ planId }) => planId))];
    const ids = all.slice(0, MOST_PLANS);
    const plans = await Promise.all(ids.map(async (id) => [id, await store.plans.get(id)] as const));
    return {
      histories: promptHistories<Deployment>(rows, new Map(plans)),
      isWhole: rows.length < MOST_DEPLOYMENTS && ids.length === all.length,
    };
  });
  if (terminal.json) terminal.printJson(histories);
  else if (histories.length === 0) terminal.print('none of its steps has a prompt');
  else for (const history of histories) await showOne(terminal, history, isWhole);
  return EXIT.fine;
}

/** What was never deployed has what is in code, and no history. */
const IN_CODE: Deployment = { deploymentNo: 0, planId: '', at: 0, by: '', why: '' };

async function showOne(
  terminal: Terminal,
  { node, path, versions }: PromptHistory<Deployment>,
  isWhole: boolean,
): Promise<void> {
  const { wordDiff } = await import('../base/word-diff.ts');
  const { changesText } = await import('../plan/prompts.ts');
  const { colours, width } = terminal;
  const changes = versions.length - 1;
  terminal.print(`${colours.bold(`${node}.${path}`)}  ${changesText(changes, isWhole)}`);
  for (const [place, { deployment, text }] of versions.entries()) {
    const before = versions[place + 1]?.text ?? null;
    const { deploymentNo, at, by, why } = deployment;
    const since = deploymentNo === 0 ? 'in code' : `deployment ${deploymentNo}, ${showTime(at)}, by ${by}: ${why}`;
    for (const line of wrap(since, width)) terminal.print(colours.dim(line));
    const shown = text === null ? 'it has gone' : before === null ? text : marked(wordDiff(before, text), colours);
    for (const line of wrap(shown, width, '    ')) terminal.print(line);
  }
  terminal.print();
}

/** `[-gone-]{+come+}`, so that it can be read without colours. */
const marked = (
  pieces: readonly { readonly is: 'same' | 'gone' | 'come'; readonly text: string }[],
  colours: Colours,
): string =>
  pieces
    .map(({ is, text }) =>
      is === 'same' ? text : is === 'gone' ? colours.red(`[-${text}-]`) : colours.green(`{+${text}+}`),
    )
    .join('');
