/** Runs that match, as lists show them; when they were; and two values of each. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, shortNumber, showDuration, showMoney, showTime } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import { askedFor, RUN_COLUMNS, SHOWN_COLUMNS } from '../model/run-fields.ts';
import { readCondition, readSort } from '../run-filter/read-condition.ts';
import type { RunsView } from '../run-filter/saved-view.ts';
import type { FoundRun, HistogramBin, RunPoints } from '../store/run-search.ts';
import type { Store } from '../store/store.ts';
import type { SavedView } from '../store/views.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface ListRuns {
  /** Made of the view of that name, where one is named. */
  readonly viewOf: (base: RunsView | undefined) => RunsView;
  readonly view?: string;
  readonly limit: number;
  readonly offset: number;
  /** How many bins. */
  readonly histogram?: number;
  /** Of which values; `true`: of those that the view draws. */
  readonly points?: Axes | true;
}

export interface Axes {
  readonly x: string;
  readonly y: string;
}

export async function listRuns(session: Session, asked: ListRuns): Promise<ExitCode> {
  return withStore(session, async ({ store }) => {
    const base = asked.view === undefined ? undefined : await savedView(await store.views.list('runs'), asked.view);
    const view = asked.viewOf(base);
    if (asked.histogram !== undefined) await histogram(session.terminal, store, view, asked.histogram);
    else if (asked.points !== undefined) await points(session.terminal, store, view, asked);
    else await table(session.terminal, store, view, asked);
    return EXIT.fine;
  });
}

async function table(terminal: Terminal, store: Store, view: RunsView, { limit, offset }: ListRuns): Promise<void> {
  const { where, sort, columns = SHOWN } = view;
  const page = await store.runSearch.search({ where, limit, offset, ...(sort && { sort }) });
  const { runs, total } = page;
  if (terminal.json) terminal.printJson(page);
  else if (total === 0) terminal.print(where.length > 0 ? 'no run is like that' : 'no runs; sluice ask makes one');
  else {
    for (const line of tableLines(
      runs,
      // A view may be older than the columns that there are.
      columns.flatMap((name) => (Object.hasOwn(COLUMNS, name) ? COLUMNS[name]! : [])),
      terminal.room,
    ))
      terminal.print(line);
    terminal.note(`${offset + Math.min(1, runs.length)} to ${offset + runs.length} of ${count(total, 'run')}`);
  }
  if (offset + runs.length < total && runs.length > 0) terminal.note(`more: --offset ${offset + runs.length}`);
}

/** As the screen of runs, and by which name one is opened. */
const SHOWN = ['run', ...SHOWN_COLUMNS];

const COLUMNS: { readonly [name: string]: Column<FoundRun> } = {
  started: { heading: 'started', cell: ({ startedAt }) => showTime(startedAt) },
  run: { heading: 'run', cell: ({ runId }) => shortId(runId) },
  pipeline: { heading: 'pipeline', cell: askedFor },
  state: { heading: 'state', cell: ({ state }) => state },
  question: { heading: 'question', cell: ({ question }) => question?.replaceAll(/\s+/g, ' '), isFlexible: true },
  latencyMs: { heading: 'took', cell: ({ latencyMs }) => showDuration(latencyMs), align: 'right' },
  costUsd: { heading: 'cost', cell: ({ costUsd }) => showMoney(costUsd), align: 'right' },
  tokens: { heading: 'tokens', cell: ({ tokens }) => tokens, align: 'right' },
  thumb: { heading: 'thumb', cell: ({ thumb }) => thumbText(thumb) },
  arms: { heading: 'arms', cell: ({ arms }) => armsText(arms), isFlexible: true },
  plan: { heading: 'plan', cell: ({ planId }) => shortId(planId) },
  unit: { heading: 'unit', cell: ({ unit }) => unit },
};

/** The mean of several: no side where they are of two minds. */
const thumbText = (thumb: number | null): string | null =>
  thumb === null ? null : thumb === 0 ? 'both' : thumb > 0 ? 'up' : 'down';

const armsText = (arms: FoundRun['arms']): string =>
  Object.entries(arms)
    .map(([experiment, arm]) => `${experiment}: ${arm}`)
    .join(', ');

async function histogram(terminal: Terminal, store: Store, { where }: RunsView, most: number): Promise<void> {
  const bins = await store.runSearch.histogram(where, most);
  if (terminal.json) terminal.printJson({ bins });
  else if (bins.length === 0) terminal.print('no run is like that');
  else for (const line of histogramLines(bins, terminal.width)) terminal.print(line);
}

interface Bar {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly by: ReadonlyMap<string, number>;
}

const LEAST_BAR = 10;
/** Columns of a line beside its time and its bar, and for each state more. */
const [BESIDE_TIME, STATE_WIDTH] = [11, 11];

/** A line per bin, the empty ones between them too: those that failed are marked within the bar. */
function histogramLines(bins: readonly HistogramBin[], width: number): string[] {
  const bars = barsOf(bins);
  const states = [...new Set(bins.map(({ state }) => state))].sort();
  const most = Math.max(...bars.map(({ n }) => n));
  const room = Math.max(LEAST_BAR, width - showTime(bars[0]!.from).length - BESIDE_TIME - STATE_WIDTH * states.length);
  const cells = (n: number): number => (n === 0 ? 0 : Math.max(1, Math.round((n / most) * room)));
  const drawn = ({ n, by }: Bar): string => {
    const bad = Math.min(cells(by.get('failed') ?? 0), cells(n));
    return '█'.repeat(cells(n) - bad) + '░'.repeat(bad) || ' ';
  };
  return [
    ...tableLines<Bar>(bars, [
      { heading: 'from', cell: ({ from }) => showTime(from) },
      { heading: 'runs', cell: ({ n }) => n, align: 'right' },
      ...states.map((state) => ({
        heading: state,
        cell: ({ by }: Bar) => by.get(state) ?? 0,
        align: 'right' as const,
      })),
      { heading: ' ', cell: drawn },
    ]),
    `each ${showDuration(bars[0]!.to - bars[0]!.from)}; ░ failed`,
  ];
}

function barsOf(bins: readonly HistogramBin[]): readonly Bar[] {
  const [{ from: first, to }] = bins as readonly [HistogramBin];
  const width = to - first;
  const placeOf = ({ from }: HistogramBin): number => Math.round((from - first) / width);
  const byPlace = Map.groupBy(bins, placeOf);
  return Array.from({ length: 1 + Math.max(...byPlace.keys()) }, (_, place) => {
    const own = byPlace.get(place) ?? [];
    return {
      ...{ from: first + place * width, to: first + (place + 1) * width },
      n: own.reduce((sum, { n }) => sum + n, 0),
      by: new Map(own.map(({ state, n }) => [state, n])),
    };
  });
}

const FORMATS: { readonly [field: string]: (value: number) => string } = {
  latencyMs: showDuration,
  costUsd: showMoney,
};

const shownValue = (field: string, value: number): string => (FORMATS[field] ?? shortNumber)(value);

const AXES: Axes = { x: 'latencyMs', y: 'costUsd' };

async function points(
  terminal: Terminal,
  store: Store,
  { where, axes: drawn = AXES }: RunsView,
  { points: given = true, limit }: ListRuns,
): Promise<void> {
  const axes = given === true ? drawn : given;
  const found: RunPoints = await store.runSearch.points(where, axes, limit);
  if (terminal.json) return terminal.printJson(found);
  const lines = tableLines(found.points, [
    { heading: 'run', cell: ({ runId }) => shortId(runId) },
    { heading: 'state', cell: ({ state }) => state },
    { heading: axes.x, cell: ({ x }) => shownValue(axes.x, x), align: 'right' },
    { heading: axes.y, cell: ({ y }) => shownValue(axes.y, y), align: 'right' },
  ]);
  for (const line of lines) terminal.print(line);
  terminal.note(`${found.points.length} of the ${count(found.drawn, 'run')} that were drawn have both`);
}

const STATES = ['running', 'completed', 'degraded', 'failed', 'cancelled'] as const;
/** As many as the API takes. */
const MOST_CONDITIONS = 20;

export interface RunsChoice {
  readonly where: readonly string[];
  readonly pipeline?: string;
  readonly state?: (typeof STATES)[number];
  readonly sort?: string;
  readonly columns?: readonly string[];
}

const gather = (text: string, before: readonly string[]): readonly string[] => [...before, text];

/** `run,question`: of those that there are, each once. */
function columns(text: string): readonly string[] {
  const named = text.split(',').map((name) => name.trim());
  for (const name of named)
    if (!(RUN_COLUMNS as readonly string[]).includes(name))
      throw new InvalidArgumentError(
        `runs have no column '${name}': ${suggest(name, RUN_COLUMNS, 'see the columns')}.`,
      );
  return [...new Set(named)];
}

/** Which runs are meant, in which order, and what is shown of them: as the dashboard's screen of runs has it. */
export const withChoice = (command: Command): Command =>
  command
    .option('--where <condition>', 'only runs of which it holds: "latency > 2s"; may be given again', gather, [])
    .option('--pipeline <id>', 'only the runs of this pipeline')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(STATES))
    .option('--sort <field>', 'the least first; with - before it the most first: -cost')
    .option('--columns <names>', `what is shown, of ${RUN_COLUMNS.join(', ')}`, columns);

/** What was chosen, on top of a view. @throws SluiceError `filter_invalid`, `conditions_too_many` */
export function viewOf(choice: RunsChoice, base: RunsView = { where: [] }): RunsView {
  const { pipeline, state, sort } = choice;
  const now = Date.now();
  const where = [
    ...base.where,
    ...(pipeline === undefined ? [] : [{ field: 'pipeline', op: '=', value: pipeline }]),
    ...(state === undefined ? [] : [{ field: 'state', op: '=', value: state }]),
    ...choice.where.map((text) => readCondition(text, now)),
  ];
  if (where.length > MOST_CONDITIONS)
    throw new SluiceError('conditions_too_many', {
      message: `${where.length} conditions are asked of runs`,
      remedy: `leave some out: at most ${MOST_CONDITIONS}`,
    });
  return {
    ...base,
    where,
    ...(sort !== undefined && { sort: readSort(sort) }),
    ...(choice.columns !== undefined && { columns: choice.columns }),
  };
}

/** @throws SluiceError `view_unknown`, `view_ambiguous`, `view_invalid` */
export async function savedView(views: readonly SavedView[], name: string): Promise<RunsView> {
  const whenNone = 'none is saved yet: sluice runs views save NAME';
  const found = findNamed({ kind: 'view', name, among: views, nameOf: (view) => view.name, whenNone });
  const { savedView } = await import('../run-filter/saved-view.ts');
  return savedView(found.view, found.name);
}
