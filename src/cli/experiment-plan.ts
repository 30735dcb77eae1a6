/** `sluice experiment plan`: how long an experiment would take, what it could see, and what it could not prove. */
import { type Command, InvalidArgumentError } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showPercent } from '../base/format.ts';
import type { AnyExperiment } from '../dsl/experiment.ts';
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { GuardrailPlan, MetricBaseline } from '../experiment/planner.ts';
import type { Assumption, Forecast } from '../experiment/traffic.ts';
import type { DefinedExperiments } from '../host/project.ts';
import { type ExperimentSpec, judgedWarning, type OnlineMetric } from '../model/experiment-spec.ts';
import { formatDifference } from '../stats/format-value.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

export function planCommand(world: World): Command {
  return withForeseeOptions(
    readingCommand('plan', {
      summary: 'say how long an experiment would take, and what it could see; exit code 4 where there is no hope',
      examples: [
        ['experiment plan rerank-online', 'at the traffic of the last 14 days'],
        ['experiment plan rerank-online --units-per-day 5000', 'at another'],
        ['experiment plan rerank-online --assume thumbs-up=0.12', 'where nothing was measured yet'],
      ],
    }).argument('<experiment>', 'the id of its definition, or the beginning of it'),
  ).action((name: string, options: ForeseeOptions, command: Command) =>
    runAction(world, command, (session) => plan(session, name, options)),
  );
}

async function plan(session: Session, name: string, options: ForeseeOptions): Promise<ExitCode> {
  const { services, terminal } = session;
  const { id, spec } = findDefined(await services.experiments(), name);
  const foreseen = await withStore(session, ({ store }) => foreseeIn(store, spec, options, Date.now()));
  const isHopeless = foreseen.hopeless.length > 0;
  if (terminal.json) terminal.printJson(foreseenData(spec, foreseen));
  else {
    showForeseen(terminal, spec, foreseen);
    terminal.print(
      isHopeless
        ? `  start it all the same: sluice experiment start ${id} --force`
        : `  start it: sluice experiment start ${id} --why "…"`,
    );
  }
  return isHopeless ? EXIT.inconclusive : EXIT.fine;
}

/** What is foreseen of an experiment, as its reader wants it: how long, then what that rests on. */
function showForeseen(terminal: Terminal, spec: ExperimentSpec, foreseen: Forecast): void {
  const { plan, hopeless } = foreseen;
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  print(`${spec.name} on ${spec.pipeline}: ${headline(spec, foreseen)}`, '');
  for (const line of hopeless) print(`no hope: ${line}`);
  const judged = judgedWarning(spec);
  if (judged !== null) print(`! ${judged}`);
  print(trafficLine(spec, foreseen));
  for (const line of metricTable(spec, foreseen, terminal.room)) terminal.print(`  ${line}`);
  for (const sentence of plan.sentences) print(sentence);
  const [unknown] = spec.metrics.filter(({ name, role }) => role !== 'secondary' && plan.assumed.includes(name));
  if (unknown !== undefined) print(`say what you know of one: --assume ${unknown.name}=MEAN or MEAN:SD`);
}

function headline({ unitName, stop }: ExperimentSpec, { plan }: Forecast): string {
  const { units, days, maxDays, primary } = plan;
  const atMost = `it lasts at most ${showDays(maxDays)}`;
  if (primary === null) return 'nothing is to be better, and so nothing is waited for';
  if (units === null) return `how long it takes is not known: '${primary}' has no smallest effect; ${atMost}`;
  const wanted = `about ${count(units, unitName)}`;
  if (days === null) return `${wanted}; how long that takes is not known, since the traffic is not; ${atMost}`;
  const least = Math.max(days, stop.minDurationMs / DAY_MS);
  return `${wanted}, in about ${showDays(least)}; ${atMost}`;
}

const DAY_MS = 86_400_000;
const showDays = (days: number): string => count(Number(days.toPrecision(days < 10 ? 2 : 3)), 'day');

function trafficLine({ unitName, share }: ExperimentSpec, { traffic, unitsPerDay, holdOut, plan }: Forecast): string {
  const { units, days, runs, withoutUnit, offTarget, unitsPerDay: measured } = traffic;
  const seen = `${count(units, unitName)} in ${count(runs, 'run')} of ${showDays(days)}`;
  const pace =
    unitsPerDay === null
      ? `not known (${seen})`
      : `${perDay(unitsPerDay)} ${unitName}s a day${unitsPerDay === measured ? ` (${seen})` : `, as you say (measured: ${seen})`}; ${holdOut > 0 ? `${showPercent(holdOut)} are held out, ` : ''}${showPercent(share)} of ${holdOut > 0 ? 'the others' : 'them'} are in it: ${perDay(plan.unitsPerDay ?? 0)} a day`;
  const left = [
    ...(withoutUnit > 0 ? [`${count(withoutUnit, 'run')} of no ${unitName} in particular`] : []),
    ...(offTarget > 0 ? [`${count(offTarget, 'run')} outside its target`] : []),
  ];
  return `traffic: ${pace}${left.length === 0 ? '' : `; left out: ${left.join(', ')}`}`;
}

const perDay = (units: number): string => Number(units.toPrecision(3)).toLocaleString('en');

interface MetricRow {
  readonly metric: OnlineMetric;
  readonly baseline: MetricBaseline | null;
  /** Units that it was measured on; null where it was said. */
  readonly units: number;
  readonly guardrail: GuardrailPlan | undefined;
}

function metricTable(spec: ExperimentSpec, { plan, traffic, baselines }: Forecast, room: number): string[] {
  const rows = spec.metrics.map(
    (metric, index): MetricRow => ({
      metric,
      baseline: baselines[index] ?? null,
      units: traffic.unitsOf[index] ?? 0,
      guardrail: plan.guardrails.find((each) => each.metric === metric.name),
    }),
  );
  return tableLines(
    rows.filter(({ metric }) => metric.role !== 'secondary'),
    [
      { heading: 'metric', cell: ({ metric }) => metric.name },
      { heading: '', cell: ({ metric }) => metric.role },
      { heading: 'now', cell: ({ metric, baseline }) => nowOf(metric, baseline), align: 'right' },
      { heading: `${spec.unitName}s measured`, cell: ({ units }) => units, align: 'right' },
      { heading: 'asked', cell: askedOf, align: 'right' },
      { heading: 'provable', cell: ({ metric, guardrail }) => provable(metric, guardrail, spec.unitName) },
    ],
    room - 2,
  );
}

const nowOf = ({ format }: OnlineMetric, baseline: MetricBaseline | null): string | null =>
  baseline === null ? null : showValue(baseline.mean, format);

function askedOf({ metric }: MetricRow): string | null {
  const { role, margin, minimumEffect, format, better } = metric;
  const size = role === 'guardrail' ? margin : minimumEffect;
  if (size === null) return null;
  const isUp = (role === 'guardrail') !== (better === 'higher');
  return `${role === 'guardrail' ? 'within ' : ''}${showDifference(isUp ? size : -size, format)}`;
}

function provable({ format }: OnlineMetric, guardrail: GuardrailPlan | undefined, unitName: string): string | null {
  if (guardrail === undefined) return null;
  const { isProvable, provableMargin, unitsNeeded } = guardrail;
  return isProvable
    ? 'yes'
    : `no: ${formatDifference(provableMargin, format)} at best; ${count(unitsNeeded, unitName)} would do`;
}

/** The same as data. */
function foreseenData(spec: ExperimentSpec, { plan, traffic, unitsPerDay, baselines, hopeless }: Forecast) {
  const { metrics: _, ...measured } = traffic;
  return {
    experiment: spec.name,
    pipeline: spec.pipeline,
    ...plan,
    isHopeless: hopeless.length > 0,
    hopeless,
    traffic: { ...measured, planned: unitsPerDay },
    metrics: spec.metrics.map(({ name, role }, index) => {
      const { mean = null, variance = null } = baselines[index] ?? {};
      return { metric: name, role, mean, variance, units: traffic.unitsOf[index] ?? 0 };
    }),
  };
}

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
): Promise<Forecast> {
  const [{ forecastExperiment, isSpreadKnown }, { measureTraffic }] = await Promise.all([
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
  return forecastExperiment(spec, traffic, { unitsPerDay, assumptions, holdOut: deployed?.holdOut ?? 0 });
}

/** Said where nobody would be in it: whoever asks names no unit. */
export function noteUnnamed(
  { note }: Pick<Terminal, 'note'>,
  { pipeline, unitName }: ExperimentSpec,
  { traffic }: Pick<Forecast, 'traffic'>,
): void {
  const { runs, withoutUnit } = traffic;
  if (runs > 0 && withoutUnit === runs)
    note(
      `none of ${count(runs, 'run')} of '${pipeline}' named a ${unitName}, and who is not named is not in it: sluice ask ${pipeline} "…" --unit WHO`,
    );
}

const usage = (message: string, remedy: string): SluiceError => new SluiceError('usage', { message, remedy });
