/** `sluice pipelines`: what each name serves and what is tried on it; of one, which steps are live where, and its prompts. */
import type { Command } from 'commander';
import { shortId, showPercent, showTime } from '../base/format.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import { isLive } from '../model/experiment-spec.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { stateText } from './experiment-text.ts';
import { isVariant } from './find-variant.ts';
import { findPipeline } from './lookup.ts';
import { showLive } from './pipelines-live.ts';
import { showPrompts } from './pipelines-prompts.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
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
