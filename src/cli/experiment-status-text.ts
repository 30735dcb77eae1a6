/** How an experiment stands, as its reader wants it: the verdict, the numbers behind it, what makes it doubtful, what comes next. */

import type { ExperimentStatus } from '../client/experiment-status.ts';
import { showValue } from '../evaluation/report/values.ts';
import { effectText, standsText, toneOf } from '../experiment/brief-words.ts';
import type { LookTableRow } from '../experiment/report-table.ts';
import { percent, showSpan } from '../experiment/report-text.ts';
import { isHeld } from '../experiment/steer.ts';
import { isLive } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { nextLines } from './experiment-next.ts';
import { groupOf, stateText } from './experiment-text.ts';
import { type Column, tableLines } from './table.ts';
import type { Colours, Terminal } from './terminal.ts';
import { flow, wrap } from './text.ts';

export interface StatusView {
  readonly url: string;
  /** Whether anybody serves this folder, as far as it knows. */
  readonly isServed: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export async function showStatus(terminal: Terminal, status: ExperimentStatus, view: StatusView): Promise<void> {
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
  for (const line of flow(lookParts(row, status.newestLook, view.now), width)) terminal.print(line);
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

async function tableRows({ spec }: ExperimentRow, look: LookRecord): Promise<readonly LookTableRow[]> {
  const { lookTable } = await import('../experiment/report-table.ts');
  return lookTable(spec, look);
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
    `share ${percent(spec.share)}`,
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
  const rest = `${percent(ramp)} of the traffic outside the share gets ${winner ?? 'the variant'}`;
  return [`${step}: ${rest}`, ...held];
}

function metricTable(
  rows: readonly LookTableRow[],
  { spec }: ExperimentRow,
  colours: Colours,
  room: number,
): readonly string[] {
  const variant: Column<LookTableRow> = { heading: 'variant', cell: ({ variant: name }) => name };
  return tableLines(
    rows,
    [
      { heading: ' ', cell: ({ role, isExploratory }) => (isExploratory ? 'exploratory' : role) },
      { heading: 'metric', cell: ({ metric }) => metric },
      ...(spec.arms.length > 2 ? [variant] : []),
      { heading: 'from', cell: ({ values, format }) => showValue(values[0], format), align: 'right' },
      { heading: 'to', cell: ({ values, format }) => showValue(values[1], format), align: 'right' },
      { heading: 'effect', cell: effectText },
      { heading: `${spec.unitName}s`, cell: ({ units }) => units.map(number).join(' + '), align: 'right' },
      { heading: ' ', cell: (row) => stands(row, colours) },
    ],
    room,
  );
}

const number = (value: number): string => value.toLocaleString('en');

/** Red is for proven harm alone. */
function stands(row: LookTableRow, colours: Colours): string {
  const tone = toneOf(row);
  const words = standsText(row);
  return tone === 'harm'
    ? colours.red(words)
    : tone === 'good' && row.role !== 'secondary'
      ? colours.green(words)
      : words;
}

async function healthText(row: ExperimentRow, look: LookRecord): Promise<string> {
  const { exposure } = look;
  const { doRatesDiffer } = await import('../stats/srm.ts');
  const differs = doRatesDiffer(exposure?.p ?? null) ? ['exposure differs between arms'] : [];
  return [await ratioText(row, look), ...differs].join(', ');
}

async function ratioText({ spec }: ExperimentRow, look: LookRecord): Promise<string> {
  const { sampleRatioVerdict, servedArms } = await import('../experiment/srm.ts');
  const { isOff, worst: found } = sampleRatioVerdict(look);
  if (found === null) return 'sample ratio not known yet';
  if (!isOff) return 'sample ratio fine';
  const worst = found.row;
  const counts = servedArms(spec, look.data).map(
    (arm, place) => `${spec.arms[arm]!.name} ${number(worst.counts[place]!)}`,
  );
  const of = worst.metric === null ? 'exposed' : `with a record of ${spec.metrics[worst.metric]!.name}`;
  return `sample ratio off: ${counts.join(', ')} ${spec.unitName}s ${of}`;
}

/** Of each metric of events, how many units of each arm had none in time, and how many came too late. */
async function arrivalParts({ spec }: ExperimentRow, look: LookRecord): Promise<readonly string[]> {
  const [{ namedArrivals }, { arrivalText }] = await Promise.all([
    import('../experiment/arrival.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  return [...Map.groupBy(namedArrivals(spec, look), ({ metric }) => metric)].map(([metric, rows]) =>
    arrivalText(metric, rows, spec),
  );
}

/** The last look, and when the next one is. */
function lookParts(row: ExperimentRow, look: LookRecord | null, now: number): string[] {
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
