/** What `experiment plan`, and a start, foresee: a definition, the traffic as it is, and what is said of it on the command line. */
import { type Command, InvalidArgumentError } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { AnyExperiment } from '../dsl/experiment.ts';
import type { Assumption, Foreseen } from '../experiment/traffic.ts';
import type { DefinedExperiments } from '../host/project.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { Store } from '../store/store.ts';
import { findNamed } from './lookup.ts';
import { positiveInteger } from './options.ts';
import type { Terminal } from './terminal.ts';
import { count } from './text.ts';

export interface ForeseeOptions {
  readonly unitsPerDay?: number;
  readonly assume: readonly Assumption[];
}

const MOST_UNITS = 1_000_000_000;

/** Options of a command that looks ahead. */
export function withForeseeOptions(command: Command): Command {
  return command
    .option('--units-per-day <n>', 'so many come in a day, instead of what was measured', positiveInteger(MOST_UNITS))
    .option(
      '--assume <metric=mean[:sd]>',
      'what a metric is of one unit, instead of what was measured; may be given several times',
      addAssumption,
      [],
    );
}

function addAssumption(text: string, assumptions: readonly Assumption[]): readonly Assumption[] {
  const found = /^(?<metric>[^=]+)=(?<mean>[^:]+)(?::(?<sd>.+))?$/.exec(text)?.groups;
  const [mean, sd] = [Number(found?.mean), found?.sd === undefined ? null : Number(found.sd)];
  if (found === undefined || !Number.isFinite(mean) || (sd !== null && !(Number.isFinite(sd) && sd >= 0)))
    throw new InvalidArgumentError('write metric=mean or metric=mean:sd, such as thumbs-up=0.12 or latency=900:400.');
  return [...assumptions, { metric: found.metric!, mean, sd }];
}

/** @throws SluiceError `experiment_unknown` with the nearest, `experiment_ambiguous` */
export function findDefined(defined: DefinedExperiments, name: string): AnyExperiment {
  return findNamed({
    kind: 'experiment',
    name,
    among: [...defined.values()],
    nameOf: ({ id }) => id,
    whenNone: 'define one (defineExperiment), and export it in pipelines/index.ts: export const experiments = [ ... ]',
  });
}

export async function foreseeIn(
  store: Store,
  spec: ExperimentSpec,
  { unitsPerDay, assume }: ForeseeOptions,
  now: number,
): Promise<Foreseen> {
  const [{ foresee, isSpreadKnown }, { measureTraffic }] = await Promise.all([
    import('../experiment/traffic.ts'),
    import('../experiment/traffic.ts'),
  ]);
  const assumptions = assume.map((assumption): Assumption => {
    const { mean, sd } = assumption;
    const metric = findNamed({
      kind: 'metric',
      name: assumption.metric,
      among: spec.metrics,
      nameOf: ({ name }) => name,
      whenNone: `'${spec.name}' has no metrics`,
    });
    const isShare = isSpreadKnown(metric);
    if (sd === null && !isShare)
      throw usage(`how much '${metric.name}' differs between units is not said`, `--assume ${metric.name}=${mean}:SD`);
    if (isShare && !(mean >= 0 && mean <= 1))
      throw usage(`'${metric.name}' is a share, and ${mean} is none`, `--assume ${metric.name}=0.1 is 10 %`);
    return { ...assumption, metric: metric.name };
  });
  const [traffic, deployed] = await Promise.all([
    measureTraffic(store, spec, now),
    store.deployments.current(spec.pipeline),
  ]);
  return foresee(spec, traffic, { unitsPerDay, assumptions, holdOut: deployed?.holdOut ?? 0 });
}

/** Said where nobody would be in it: whoever asks names no unit. */
export function noteUnnamed(
  { note }: Pick<Terminal, 'note'>,
  { pipeline, unitName }: ExperimentSpec,
  { traffic }: Pick<Foreseen, 'traffic'>,
): void {
  const { runs, withoutUnit } = traffic;
  if (runs > 0 && withoutUnit === runs)
    note(
      `none of ${count(runs, 'run')} of '${pipeline}' named a ${unitName}, and who is not named is not in it: sluice ask ${pipeline} "…" --unit WHO`,
    );
}

const usage = (message: string, remedy: string): SluiceError => new SluiceError('usage', { message, remedy });
