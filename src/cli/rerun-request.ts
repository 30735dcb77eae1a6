/** From a command line to what a backtest or a shadow is asked to do: the variant, what scores it, and the runs. */

import { type Command, InvalidArgumentError } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { isVariant } from '../dsl/edit.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import type { RerunKind, RerunSpec } from '../model/rerun-spec.ts';
import type { Plan } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';
import { findPipeline, variantNamed } from './lookup.ts';
import { dollars, duration, positiveInteger } from './options.ts';
import type { Session } from './session.ts';

export interface VariantOptions {
  readonly variant?: string;
  readonly from?: string;
  readonly scorers?: string;
  readonly limitUsd?: number;
}

/** The options of commands that run recorded runs again. */
export function withVariantOptions(command: Command): Command {
  return command
    .option('--variant <name>', 'what each run is to be under')
    .option('--from <node>', 'call this node, and all that hangs on it, again, whether it differs or not')
    .option('--scorers <names>', 'with commas; default: all of the pipeline that need no expected answer')
    .option('--limit-usd <dollars>', 'end before it has cost more, scorers included', dollars);
}

export interface AskedRerun {
  readonly spec: RerunSpec;
  /** The variant as it is in code. */
  readonly plan: Plan;
}

/** @throws SluiceError `pipeline_unknown`, `variant_unknown`, `scorer_unknown`, `scorer_unfit`, `edits_none` */
export async function askedRerun(
  { services }: Session,
  kind: RerunKind,
  pipelineName: string,
  { variant: name, from, scorers }: VariantOptions,
): Promise<AskedRerun> {
  const { rerunSpecOf, scorersFor } = await import('../experiment/rerun/rerun-request.ts');
  const pipelines = await services.pipelines();
  const [, pipeline] = findPipeline(pipelines, pipelineName);
  const { id } = pipeline;
  const known = [...pipelines.values()].filter(isVariant).filter(({ variantOf }) => variantOf === id);
  if (name === undefined && from === undefined)
    throw new SluiceError('usage', {
      message: `it is not said under which variant of '${id}' runs are to be made again`,
      remedy: `name one: --variant ${known[0]?.name ?? 'NAME'}; or a node from which on they are called again: --from NODE`,
    });
  const variant =
    name === undefined
      ? { name: 'baseline', edits: [], plan: pipeline.plan }
      : variantNamed(id, name, known, `'${id}' has no variants: pipelines/index.ts exports none`);
  const spec = rerunSpecOf({
    ...{ kind, pipeline: id, variant, scorers: scorersFor(await scorersOf(services, id), scorers?.split(',')) },
    ...(from !== undefined && { from }),
  });
  return { spec, plan: variant.plan };
}

/** Of its evaluations, and of its experiments. */
async function scorersOf(services: Session['services'], id: string): Promise<readonly AnyScorer[]> {
  const defined = [...(await services.evaluations()).values(), ...(await services.experiments()).values()];
  return defined.filter(({ pipeline }) => pipeline.id === id).flatMap(({ scorers }) => scorers);
}

export interface RunsOptions {
  readonly last?: number;
  readonly since?: number;
  readonly runs?: string;
  readonly thumb?: 'up' | 'down';
}

const MOST_RUNS = 10_000;
const USUAL_RUNS = 100;

/** Ids of the recorded runs that are meant. @throws SluiceError `usage`, `run_unknown`, `run_ambiguous` */
export async function runsFor(
  { runs, reruns }: Pick<Store, 'runs' | 'reruns'>,
  pipeline: string,
  { last = USUAL_RUNS, since, runs: named, thumb }: RunsOptions,
): Promise<readonly string[]> {
  if (named === undefined) {
    const from = since === undefined ? {} : { since: Date.now() - since };
    const said = thumb === undefined ? {} : ({ thumb: thumb === 'up' ? 1 : -1 } as const);
    return reruns.select({ pipeline, limit: last, ...from, ...said });
  }
  const found = await Promise.all(named.split(',').map((id) => runs.get(id.trim())));
  const other = found.find((run) => run.pipeline !== pipeline);
  if (other)
    throw new SluiceError('usage', {
      message: `${other.runId} is a run of '${other.pipeline}', not of '${pipeline}'`,
      remedy: `see which there are: sluice runs --pipeline ${pipeline}`,
    });
  return found.map(({ runId }) => runId);
}

export const lastRuns = positiveInteger(MOST_RUNS);

/** `7d`, `24h`, `30m`, or in words: `7 days`. */
export function ago(text: string): number {
  try {
    return duration(text);
  } catch {
    throw new InvalidArgumentError("give how long ago, such as 7d, 24h, 30m or '7 days'.");
  }
}
