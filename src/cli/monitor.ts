/** `sluice monitor`: a part of the live runs, scored in the background for as long as somebody wants to know. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showMoney, showPercent, showSpan, showTime, showWhole } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import { showValue } from '../evaluation/report/values.ts';
import type { DefinedMonitors } from '../host/project.ts';
import type { AlertState } from '../model/monitor-spec.ts';
import { deliveryText, evidenceText, type FieldStatistics, type MonitorStatus } from '../monitor/window.ts';
import type { AuditRow } from '../store/experiments.ts';
import type { AlertRow, MonitorCounts } from '../store/monitor-results.ts';
import type { MonitorRow } from '../store/monitors.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { flow, tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { showAfter, withRuntime, withStore } from './with-servers.ts';

interface ActOptions {
  readonly why: string;
}

const WHY = ['--why <text>', 'the reason, for the history'] as const;

export function monitorCommand(world: World): Command {
  return groupCommand('monitor', 'score a part of the live runs in the background, and say when it gets worse', [
    listCommand(world),
    startCommand(world),
    statusCommand(world),
    stopCommand(world),
  ]);
}

function startCommand(world: World): Command {
  return readingCommand('start', {
    summary: 'score a part of the runs from now on, as its definition says',
    examples: [
      ['monitor start supported-live', 'what is defined in code, fixed as it is now'],
      ['monitor start supported-live --why "after the new prompt"', 'edited since: another version takes over'],
    ],
  })
    .argument('<monitor>', 'the id of its definition')
    .option(...WHY, 'started from the command line')
    .action((name: string, options: ActOptions, command: Command) =>
      runAction(world, command, (session) => start(session, name, options)),
    );
}

async function start(session: Session, name: string, { why }: ActOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { spec } = findDefined(await services.monitors(), name);
  return withRuntime(session, { project: services.project }, async ({ client, store, isEphemeral }) => {
    if (isEphemeral) throw notAlone(spec.pipeline);
    const before = await store.monitors.running(spec.name);
    const row = await client.startMonitor(spec, { by: userName(environment), why });
    const { monitorId, starts } = row;
    const { monitorWorkflowId } = await import('../model/monitor-spec.ts');
    const temporalUrl = client.urlOf(monitorWorkflowId(monitorId, starts));
    if (terminal.json) {
      terminal.printJson({ ...row, temporalUrl });
      return EXIT.fine;
    }
    const print = (line: string, indent = '  ') => {
      for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
    };
    const isSame = before?.monitorId === monitorId;
    print(
      `${monitorId} ${isSame ? 'runs already: it scores' : 'scores'} ${showPercent(spec.sample)} of the runs of ${spec.pipeline} by ${spec.scorer.id}`,
      '',
    );
    if (before !== undefined && !isSame) print(`${before.monitorId} is stopped: its scores stay with it`);
    terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
    print(`how it stands: sluice monitor status ${spec.name}      end it: sluice monitor stop ${spec.name}`);
    return EXIT.fine;
  });
}

function stopCommand(world: World): Command {
  return readingCommand('stop', {
    summary: 'score no more runs; what was found stays',
    examples: [['monitor stop supported-live', 'what waits is not scored any more']],
  })
    .argument('<monitor>', 'its name, or its id: supported-live@2')
    .option(...WHY, 'stopped from the command line')
    .action((name: string, { why }: ActOptions, command: Command) =>
      runAction(world, command, (session) =>
        showAfter(session, { project: session.services.project }, async ({ client }) => {
          const { terminal, environment } = session;
          const row = await client.stopMonitor(name, { by: userName(environment), why });
          return () => {
            if (terminal.json) terminal.printJson(row);
            else {
              terminal.print(`${row.monitorId} is stopped`);
              terminal.print(`  what came of it: sluice monitor status ${row.monitorId}`);
            }
            return EXIT.fine;
          };
        }),
      ),
    );
}

function findDefined(defined: DefinedMonitors, name: string) {
  const found = defined.get(name);
  if (found !== undefined) return found;
  throw new SluiceError('monitor_undefined', {
    message: `no monitor '${name}' is defined here`,
    remedy: suggest(name, [...defined.keys()], 'define one (defineMonitor), and export it in pipelines/index.ts'),
    data: { monitor: name },
  });
}

const notAlone = (pipeline: string): SluiceError =>
  new SluiceError('usage', {
    message: 'nothing would be scored, as the servers of this command end with it',
    remedy: `start servers that stay, in another terminal: sluice dev; then ask ${pipeline} there`,
  });

interface ListOptions {
  readonly pipeline?: string;
  readonly all?: boolean;
}

/** One that was started, or a definition that never was. */
interface Listed {
  readonly monitor: string;
  readonly pipeline: string;
  readonly state: MonitorRow['state'] | 'not started';
  readonly scorer: string;
  readonly sample: number;
  /** Null where it was not started. */
  readonly alert: AlertState | null;
  readonly counts: Pick<MonitorCounts, 'triggered' | 'sampled' | 'waiting' | 'scored' | 'failed'> | null;
  readonly lastScoredAt: number | null;
}

const LARGEST_PAGE = 1_000;

/** `sluice monitor list`: what runs, and what is defined in code. */
function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list what runs, and what is defined in code',
    examples: [
      ['monitor list', 'what runs, the last version of what does not, and what could be started'],
      ['monitor list --pipeline docs-bot --all', 'also all versions that were replaced'],
    ],
  })
    .option('--pipeline <pipeline>', 'only those of this one')
    .option('--all', 'also versions that were replaced')
    .action((options: ListOptions, command: Command) =>
      runAction(world, command, (session) => listMonitors(session, options)),
    );
}

async function listMonitors(session: Session, options: ListOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const defined = await services.monitors();
  const listed = await withStore(session, ({ store }) => listedIn(store, defined, options));
  if (terminal.json) terminal.printJson(listed);
  else if (listed.length === 0)
    terminal.print('no monitors: define one (defineMonitor), and export it in pipelines/index.ts');
  else {
    for (const line of listTable(listed, terminal.room)) terminal.print(line);
    const next = listed.find(({ state }) => state === 'not started');
    if (next !== undefined) terminal.print(`start one: sluice monitor start ${next.monitor}`);
  }
  return EXIT.fine;
}

async function listedIn(
  { monitors }: Pick<Store, 'monitors'>,
  defined: DefinedMonitors,
  { pipeline, all = false }: ListOptions,
): Promise<readonly Listed[]> {
  const rows = await monitors.list({ ...(pipeline !== undefined && { pipeline }), limit: LARGEST_PAGE });
  // What runs comes first, and then what was started last.
  const isFirst = (index: number) => rows.findIndex(({ name }) => name === rows[index]!.name) === index;
  const started = await Promise.all(
    rows
      .filter((_, index) => all || isFirst(index))
      .map(async ({ monitorId, state, alert, spec }): Promise<Listed> => {
        const { lastScoredAt, triggered, sampled, waiting, scored, failed } = await monitors.counts(monitorId);
        return {
          ...{ monitor: monitorId, pipeline: spec.pipeline, state, scorer: spec.scorer.id, sample: spec.sample },
          ...{ alert, counts: { triggered, sampled, waiting, scored, failed }, lastScoredAt },
        };
      }),
  );
  const known = new Set(rows.map(({ name }) => name));
  const never = [...defined.values()]
    .filter(({ id, spec }) => !known.has(id) && (pipeline === undefined || spec.pipeline === pipeline))
    .map(
      ({ id, spec }): Listed => ({
        ...{ monitor: id, pipeline: spec.pipeline, state: 'not started', scorer: spec.scorer.id, sample: spec.sample },
        ...{ alert: null, counts: null, lastScoredAt: null },
      }),
    );
  return [...started, ...never];
}

const listTable = (listed: readonly Listed[], room: number): string[] =>
  tableLines(
    listed,
    [
      { heading: 'monitor', cell: ({ monitor }) => monitor },
      { heading: 'of', cell: ({ pipeline }) => pipeline },
      { heading: 'state', cell: ({ state }) => state },
      { heading: 'scorer', cell: ({ scorer }) => scorer, isFlexible: true },
      { heading: 'sample', cell: ({ sample }) => showPercent(sample), align: 'right' },
      { heading: 'alert', cell: ({ alert, state }) => (state === 'running' ? alert : null) },
      { heading: 'matched', cell: ({ counts }) => counts?.triggered, align: 'right' },
      { heading: 'sampled', cell: ({ counts }) => counts?.sampled, align: 'right' },
      { heading: 'waiting', cell: ({ counts }) => counts?.waiting, align: 'right' },
      { heading: 'scored', cell: ({ counts }) => counts?.scored, align: 'right' },
      { heading: 'failed', cell: ({ counts }) => counts?.failed, align: 'right' },
      { heading: 'last', cell: ({ lastScoredAt }) => (lastScoredAt === null ? null : showTime(lastScoredAt)) },
    ],
    room,
  );

const SHOWN_HISTORY = 50;

/** `sluice monitor status`: how many runs became what, what their scores come to, and whether that is worth an alert. */
function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'how many runs were scored, what the scores of the last window come to, and whether they alert',
    examples: [
      ['monitor status supported-live', 'the version that runs, or the one that ran last'],
      ['monitor status supported-live --history', 'also how its alert has changed, and who started and stopped it'],
      ['monitor status supported-live@1 --json', 'another version, with its alerts and its history'],
    ],
  })
    .argument('<monitor>', 'its name, or its id: supported-live@2')
    .option('--history', 'also how its alert has changed, and who has started and stopped it')
    .action((name: string, { history = false }: { readonly history?: boolean }, command: Command) =>
      runAction(world, command, (session) => showStatus(session, name, history)),
    );
}

async function showStatus(session: Session, name: string, hasHistory: boolean): Promise<ExitCode> {
  const { terminal } = session;
  return withStore(session, async ({ store }) => {
    const { monitorStatus } = await import('../monitor/window.ts');
    const given = await store.monitors.get(name);
    const [status, history] = await Promise.all([
      monitorStatus(store, given),
      store.monitors.audit(given.name, SHOWN_HISTORY),
    ]);
    if (terminal.json) {
      const { row, ...found } = status;
      terminal.printJson({ ...row, ...found, history });
    } else {
      printStatus(terminal, status);
      if (hasHistory) printHistory(terminal, status.alerts, history);
    }
    return EXIT.fine;
  });
}

function printStatus(terminal: Terminal, status: MonitorStatus): void {
  const { row, counts, reasons, window } = status;
  const { colours, width, room } = terminal;
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, width, indent)) terminal.print(part);
  };
  print(`${row.monitorId} on ${row.pipeline}: ${stateText(status)}`, '');
  const { triggered, sampled, waiting, scored, failed, overBudget, overQueue, stopped } = counts;
  const parts = [
    `${count(triggered, 'run')} matched`,
    `${showWhole(sampled)} sampled (${showPercent(row.spec.sample)})`,
    `${showWhole(scored)} scored`,
    `${showWhole(waiting)} waiting`,
    `${showWhole(failed)} failed`,
    ...(overBudget > 0 ? [`${showWhole(overBudget)} left out by budget`] : []),
    ...(overQueue > 0 ? [`${showWhole(overQueue)} left out as too many waited`] : []),
    ...(stopped > 0 ? [`${showWhole(stopped)} left out by the stop`] : []),
    ...(counts.lastScoredAt === null ? [] : [`last scored ${showTime(counts.lastScoredAt)}`]),
  ];
  for (const line of flow(parts, width)) terminal.print(line);
  const fields = Object.entries(window.fields);
  const coverage = window.coverage === null ? '' : `, ${showPercent(window.coverage)} of those sampled`;
  print(`runs of the last ${showSpan(row.spec.windowMs)}: ${count(window.scored, 'score')}${coverage}`);
  if (fields.length > 0) for (const line of fieldTable(fields, status, room - 2)) terminal.print(`  ${line}`);
  if (reasons.length > 0)
    print(`without a score: ${reasons.map(({ code, runs }) => `${showWhole(runs)} ${code}`).join(', ')}`);
  if (status.isStalled) print(`stalled: ${count(waiting, 'run')} waiting, and nothing is scored: sluice doctor`);
  if (status.isOutOfBudget) print('its budget of today is used up: nothing more is sampled before midnight, UTC');
  if (status.spentTodayUsd !== null)
    terminal.print(colours.dim(`  ${showMoney(status.spentTodayUsd)} today${budgetText(status)}`));
}

function stateText({ row }: MonitorStatus): string {
  if (row.state === 'stopped') return `stopped: ${row.reason ?? 'no reason given'}`;
  if (row.spec.alert === null) return 'running';
  if (row.alert === 'unknown') return `running, with less than ${count(row.spec.alert.atLeast, 'score')} to judge by`;
  return `${row.alert} since ${showTime(row.alertSince)}`;
}

const budgetText = ({ row: { spec } }: MonitorStatus): string =>
  spec.budgetUsdPerDay === null ? '' : ` of at most ${showMoney(spec.budgetUsdPerDay)}`;

function fieldTable(
  fields: readonly (readonly [field: string, of: FieldStatistics])[],
  { row: { spec } }: MonitorStatus,
  room: number,
): string[] {
  const show = (field: string, value: number | null) =>
    value === null ? null : showValue(value, spec.scorer.fields[field]!.format);
  const boundOf = (field: string): string | null => {
    const { alert } = spec;
    if (alert === null || alert.field !== field) return null;
    return alert.below === null ? `above ${show(field, alert.above)}` : `below ${show(field, alert.below)}`;
  };
  return tableLines(
    fields,
    [
      { heading: 'field', cell: ([field]) => field },
      { heading: 'of', cell: ([, { n }]) => n, align: 'right' },
      { heading: 'mean or rate', cell: ([field, { mean }]) => show(field, mean), align: 'right' },
      {
        heading: '99 % interval',
        cell: ([field, { lo, hi }]) => (lo === null ? null : `${show(field, lo)} to ${show(field, hi)}`),
        align: 'right',
      },
      { heading: 'alerts', cell: ([field]) => boundOf(field) },
    ],
    room,
  );
}

/** How a monitor's alert has changed, and who has started and stopped it: the parts of its screen that are tables. */
function printHistory(terminal: Terminal, alerts: readonly AlertRow[], history: readonly AuditRow[]): void {
  const { room } = terminal;
  terminal.print();
  if (alerts.length === 0) terminal.print('its alert has never changed');
  else
    for (const line of tableLines(
      alerts,
      [
        { heading: 'alert at', cell: ({ at }) => showTime(at) },
        { heading: 'change', cell: ({ was, isNow }) => `${was} → ${isNow}` },
        { heading: 'decided from', cell: ({ evidence }) => evidenceText(evidence), isFlexible: true },
        { heading: 'told', cell: (alert) => deliveryText(alert) ?? showTime(alert.deliveredAt), isFlexible: true },
      ],
      room,
    ))
      terminal.print(line);
  terminal.print();
  for (const line of tableLines(
    history,
    [
      { heading: 'at', cell: ({ at }) => showTime(at) },
      { heading: 'by', cell: ({ who }) => who },
      { heading: 'what', cell: ({ action }) => action },
      { heading: 'why', cell: ({ why }) => why, isFlexible: true },
    ],
    room,
  ))
    terminal.print(line);
}
