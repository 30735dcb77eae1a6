/** `sluice experiment status`: how it stands, the verdict first; with `--follow` until its end. */
import type { Command } from 'commander';
import { showPercent, showSpan, showTime, showWhole } from '../base/format.ts';
import type { ExperimentStatus } from '../client/experiment-status.ts';
import { showValue } from '../evaluation/report/values.ts';
import { effectText, standsText, toneOf } from '../experiment/brief-words.ts';
import type { EffectRow } from '../experiment/report-table.ts';
import { isHeld } from '../experiment/steer.ts';
import type { Runtime } from '../host/runtime.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import { isLive } from '../model/experiment-spec.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { exitOf, groupOf, nextLines, stateText, workflowIdOf } from './experiment-text.ts';
import { type ExitCode, Interrupted, type Session } from './session.ts';
import { type Column, flow, tableLines, wrap } from './table.ts';
import type { Colours, Terminal } from './terminal.ts';
import { showAfter, withStore } from './with-servers.ts';

export interface StatusOptions {
  readonly follow?: boolean;
  readonly all?: boolean;
}

/** Finds what the user means; the whole id. */
export type FindExperiment = (store: Store) => Promise<string>;

export function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'show how an experiment stands; exit code 3 where it was rolled back, 4 where it was inconclusive',
    examples: [
      ['experiment status rerank-online', 'the verdict, what it rests on, and what comes next'],
      ['experiment status rerank-online --all', 'also what was asked of it, and who has met which arm'],
      ['experiment status rerank-online --follow', 'a line for every look, until it has ended'],
    ],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .option('--follow', 'wait for its end')
    .option('--all', 'also what was asked, how many met each arm, and whether they came as planned')
    .action((id: string, options: StatusOptions, command: Command) =>
      runAction(world, command, (session) => status(session, async () => id, options)),
    );
}

export function status(session: Session, find: FindExperiment, options: StatusOptions): Promise<ExitCode> {
  const { follow, all = false } = options;
  if (follow) return followOne(session, find, all);
  return withStore(session, async ({ store, urlOf, isUiServed }) => {
    const { experimentStatus } = await import('../client/experiment-status.ts');
    const found = await experimentStatus(store, await find(store));
    return show(session, found, { url: urlOf(workflowIdOf(found.row)), isServed: isUiServed, all });
  });
}

interface Shown {
  readonly url: string;
  readonly isServed: boolean;
  readonly all: boolean;
}

async function show(session: Session, found: ExperimentStatus, { url, isServed, all }: Shown): Promise<ExitCode> {
  const { terminal } = session;
  if (terminal.json) terminal.printJson(await statusData(found, url));
  else {
    await showStatus(terminal, found, { url, isServed, now: Date.now() });
    if (all) await showDetails(terminal, found);
  }
  return exitOf(found.row);
}

function followOne(session: Session, find: FindExperiment, all: boolean): Promise<ExitCode> {
  const { services, terminal } = session;
  return showAfter(session, { project: services.project }, async (runtime) => {
    const { client, store } = runtime;
    const before = await client.reportOf(await find(store));
    const { experimentId } = before.row;
    terminal.note(`${experimentId}  ${client.urlOf(workflowIdOf(before.row))}`);
    await follow(session, runtime, before);
    const found = await client.reportOf(experimentId);
    const url = client.urlOf(workflowIdOf(found.row));
    return () => show(session, found, { url, isServed: true, all });
  });
}

/** @throws Interrupted at Ctrl-C, with how to go on */
async function follow(
  { terminal, signal }: Session,
  { client, isEphemeral }: Pick<Runtime, 'client' | 'isEphemeral'>,
  { row, newestAnalysis }: Pick<ExperimentStatus, 'row' | 'newestAnalysis'>,
): Promise<void> {
  const seen = newestAnalysis?.lookNo ?? 0;
  const { experimentId } = row;
  let state = row.state;
  await client.followExperiment(experimentId, {
    signal,
    onLook: (record) => void (record.lookNo > seen && terminal.note(lookLine(record, row))),
    onState: (now) => {
      if (now.state !== state) terminal.note(`${showTime(Date.now())}  ${stateText(now.state)}`);
      state = now.state;
    },
  });
  if (!signal.aborted) return;
  const group = groupOf({ ...row, state });
  throw new Interrupted([
    isEphemeral ? 'stopped with the servers of this command; it goes on with sluice dev' : 'it goes on without you',
    `  see it: sluice ${group} status ${experimentId}      end it: sluice ${group} abort ${experimentId}`,
  ]);
}

/** `look 12  2026-03-01 10:00:00  continue (collecting)  1,204 + 1,187 users`. */
export function lookLine({ lookNo, at, decision, reason, rows }: AnalysisRecord, { spec }: ExperimentRow): string {
  const units = rows[0]?.units.map(showWhole).join(' + ') ?? '0';
  return `look ${lookNo}  ${showTime(at)}  ${decision} (${reasonText(reason)})  ${units} ${spec.unitName}s`;
}

const reasonText = (reason: string): string => reason.replaceAll('_', ' ');

interface StatusView {
  readonly url: string;
  /** Whether anybody serves this folder, as far as it knows. */
  readonly isServed: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How an experiment stands, as its reader wants it: the verdict, the numbers behind it, what makes it doubtful, what comes next. */
async function showStatus(terminal: Terminal, status: ExperimentStatus, view: StatusView): Promise<void> {
  const { row, look, rolloutLook, sentences } = status;
  const { colours, width, room } = terminal;
  const [verdict = stateText(row.state), ...rest] = sentences;
  for (const line of wrap(`${row.experimentId} on ${row.pipeline}: ${verdict}`, width, '')) terminal.print(line);
  for (const line of flow(standing(row, view.now), width)) terminal.print(colours.dim(line));
  if (look !== null) {
    const rows = await tableRows(row, look);
    for (const line of metricTable(rows, row, colours, room - 2)) terminal.print(`  ${line}`);
    for (const line of flow([await healthText(row, look), ...(await arrivalParts(row, look)), ...rest], width))
      terminal.print(line);
  }
  if (rolloutLook !== null) {
    terminal.print(`  rollout, by its newest look (number ${rolloutLook.lookNo}):`);
    for (const line of metricTable(await tableRows(row, rolloutLook), row, colours, room - 2))
      terminal.print(`  ${line}`);
    for (const line of flow([await healthText(row, rolloutLook)], width)) terminal.print(line);
  }
  for (const line of flow(lookParts(row, status.newestAnalysis, view.now), width)) terminal.print(line);
  terminal.print(colours.dim(`  ${view.url}`));
  for (const line of nextLines(row, view.isServed)) terminal.print(`  ${line}`);
}

/** The same as data. */
export async function statusData(status: ExperimentStatus, temporalUrl: string) {
  const { row, stages, look, rolloutLook, sentences } = status;
  const table = look === null ? [] : await tableRows(row, look);
  const rollout = rolloutLook && { table: await tableRows(row, rolloutLook), look: rolloutLook };
  const { namedArrivals } = await import('../experiment/arrival.ts');
  const arrivals = look === null ? [] : namedArrivals(row.spec, look);
  return { ...row, stages, sentences, table, arrivals, look, rollout, temporalUrl };
}

async function tableRows({ spec }: ExperimentRow, look: AnalysisRecord): Promise<readonly EffectRow[]> {
  const { effectRows } = await import('../experiment/report-table.ts');
  return effectRows(spec, look);
}

/** `day 3 of at most 28 · share 20 % · stage 2`, and of a rollout how far it is. */
function standing(row: ExperimentRow, now: number): string[] {
  const { spec, state, stage, startedAt, endedAt, stopped, kind } = row;
  const isRollout = groupOf(row) === 'rollout';
  const lasted = Math.max(0, (endedAt ?? now) - startedAt);
  return [
    ...(isLive(row) ? [stateText(state)] : []),
    endedAt === null && kind === 'experiment' && !isRollout
      ? `${dayText(lasted)} of at most ${showSpan(spec.stop.maxDurationMs)}`
      : `${endedAt === null ? 'for' : 'lasted'} ${sinceText(lasted)}`,
    `share ${showPercent(spec.share)}`,
    `stage ${stage}`,
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(', ')}`] : []),
    ...(isRollout ? rolloutParts(row) : []),
  ];
}

/** In whole seconds, from one on. */
const sinceText = (ms: number): string => showSpan(Math.max(1, Math.round(ms / 1_000)) * 1_000);

const DAY_MS = 86_400_000;
const dayText = (lasted: number): string =>
  lasted >= DAY_MS ? `day ${Math.floor(lasted / DAY_MS) + 1}` : sinceText(lasted);

function rolloutParts(row: ExperimentRow): string[] {
  const { winner, ramp, spec } = row;
  const { steps } = spec.rollout;
  const done = steps.findLastIndex((part) => part <= ramp) + 1;
  const step = done === 0 ? `before the first of ${steps.length} steps` : `step ${done} of ${steps.length}`;
  const held = row.state === 'rolling' && isHeld(row) ? ['it stays on this step'] : [];
  const rest = `${showPercent(ramp)} of the traffic outside the share gets ${winner ?? 'the variant'}`;
  return [`${step}: ${rest}`, ...held];
}

function metricTable(
  rows: readonly EffectRow[],
  { spec }: ExperimentRow,
  colours: Colours,
  room: number,
): readonly string[] {
  const variant: Column<EffectRow> = { heading: 'variant', cell: ({ variant: name }) => name };
  return tableLines(
    rows,
    [
      { heading: ' ', cell: ({ role, isExploratory }) => (isExploratory ? 'exploratory' : role) },
      { heading: 'metric', cell: ({ metric }) => metric },
      ...(spec.arms.length > 2 ? [variant] : []),
      { heading: 'from', cell: ({ values, format }) => showValue(values[0], format), align: 'right' },
      { heading: 'to', cell: ({ values, format }) => showValue(values[1], format), align: 'right' },
      { heading: 'effect', cell: effectText },
      { heading: `${spec.unitName}s`, cell: ({ units }) => units.map(showWhole).join(' + '), align: 'right' },
      { heading: ' ', cell: (row) => stands(row, colours) },
    ],
    room,
  );
}

/** Red is for proven harm alone. */
function stands(row: EffectRow, colours: Colours): string {
  const tone = toneOf(row);
  const words = standsText(row);
  return tone === 'harm'
    ? colours.red(words)
    : tone === 'good' && row.role !== 'secondary'
      ? colours.green(words)
      : words;
}

async function healthText(row: ExperimentRow, look: AnalysisRecord): Promise<string> {
  const { exposure } = look;
  const { doRatesDiffer } = await import('../stats/srm.ts');
  const differs = doRatesDiffer(exposure?.p ?? null) ? ['exposure differs between arms'] : [];
  return [await ratioText(row, look), ...differs].join(', ');
}

async function ratioText({ spec }: ExperimentRow, look: AnalysisRecord): Promise<string> {
  const { sampleRatioVerdict, servedArms } = await import('../experiment/srm.ts');
  const { isOff, worst: found } = sampleRatioVerdict(look);
  if (found === null) return 'sample ratio not known yet';
  if (!isOff) return 'sample ratio fine';
  const worst = found.row;
  const counts = servedArms(spec, look.data).map(
    (arm, place) => `${spec.arms[arm]!.name} ${showWhole(worst.counts[place]!)}`,
  );
  const of = worst.metric === null ? 'exposed' : `with a record of ${spec.metrics[worst.metric]!.name}`;
  return `sample ratio off: ${counts.join(', ')} ${spec.unitName}s ${of}`;
}

/** Of each metric of events, how many units of each arm had none in time, and how many came too late. */
async function arrivalParts({ spec }: ExperimentRow, look: AnalysisRecord): Promise<readonly string[]> {
  const [{ namedArrivals }, { arrivalText }] = await Promise.all([
    import('../experiment/arrival.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  return [...Map.groupBy(namedArrivals(spec, look), ({ metric }) => metric)].map(([metric, rows]) =>
    arrivalText(metric, rows, spec),
  );
}

/** The last look, and when the next one is. */
function lookParts(row: ExperimentRow, look: AnalysisRecord | null, now: number): string[] {
  const { lookEveryMs } = row.spec.stop;
  const isLooked = isLive(row) && row.state !== 'paused';
  const next = (look?.at ?? row.startedAt) + lookEveryMs - now;
  const due = next > 0 ? `next in ${sinceText(next)}` : 'the next is due';
  const last =
    look === null
      ? 'no look yet'
      : `last look (number ${look.lookNo}) ${sinceText(now - look.at)} ago: ${look.decision} (${look.reason.replaceAll('_', ' ')})`;
  return [last, ...(isLooked ? [due] : [])];
}

/** What an experiment was asked, how many units met each arm, and whether they came as planned: the rest of its screen. */
async function showDetails(terminal: Terminal, { row, look, rolloutLook }: ExperimentStatus): Promise<void> {
  const [{ analysisReport }, { askedFacts }, { arrivalStatusText, exposureRatesText, ratioText }] = await Promise.all([
    import('../experiment/analysis-report.ts'),
    import('../experiment/brief-words.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  const { room, width } = terminal;
  const report = analysisReport(row, look, rolloutLook);
  const print = (lines: readonly string[]): void => {
    terminal.print();
    for (const line of lines) terminal.print(line);
  };
  print(
    tableLines(
      askedFacts(report, isLive(row)),
      [
        { heading: 'asked', cell: ([name]) => name.toLowerCase() },
        { heading: ' ', cell: ([, text]) => text, isFlexible: true },
      ],
      room,
    ),
  );
  print(
    tableLines(report.funnel, [
      { heading: 'arm', cell: ({ arm, isServed }) => (isServed ? arm : `${arm} (stopped)`) },
      { heading: 'planned', cell: ({ weight }) => showPercent(weight), align: 'right' },
      { heading: 'assigned', cell: ({ assigned }) => assigned ?? '–', align: 'right' },
      { heading: 'exposed', cell: ({ exposed }) => exposed, align: 'right' },
      { heading: 'matured', cell: ({ matured }) => matured, align: 'right' },
      { heading: 'with value', cell: ({ recorded }) => recorded, align: 'right' },
    ]),
  );
  if (report.arrivals.length > 0)
    print(
      tableLines(report.arrivals, [
        { heading: 'events of', cell: ({ metric }) => metric },
        { heading: 'arm', cell: ({ arm }) => arm },
        { heading: 'matured', cell: ({ matured }) => matured, align: 'right' },
        { heading: 'without an event', cell: ({ silent }) => silent, align: 'right' },
        { heading: 'in time', cell: ({ events }) => events, align: 'right' },
        { heading: 'late', cell: ({ late }) => late, align: 'right' },
        { heading: ' ', cell: arrivalStatusText },
      ]),
    );
  const { rows } = report.ratio;
  print(wrap([ratioText(report), exposureRatesText(report)].filter(Boolean).join(' '), width, ''));
  if (rows.length === 0) return;
  const of = (numbers: readonly number[], arms: readonly string[]): string =>
    numbers.map((number, arm) => `${arms[arm]} ${showWhole(number)}`).join(', ');
  for (const line of tableLines(
    rows,
    [
      { heading: 'of units', cell: (ratio) => ratio.of },
      { heading: 'planned', cell: ({ weights }) => weights.map(showPercent).join(' · ') },
      { heading: 'came', cell: ({ counts, arms }) => of(counts, arms), isFlexible: true },
      { heading: 'p', cell: ({ p }) => p.toPrecision(2), align: 'right' },
    ],
    room,
  ))
    terminal.print(line);
}
