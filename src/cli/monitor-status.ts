/** `sluice monitor status`: how many runs became what, what their scores come to, and whether that is worth an alert. */
import type { Command } from 'commander';
import { showValue } from '../evaluation/report/values.ts';
import { percent, showSpan } from '../experiment/report-text.ts';
import type { FieldStatistics, MonitorStatus } from '../monitor/window.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { printHistory } from './monitor-history.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count, flow, showCost, showTime, wrap } from './text.ts';
import { withStore } from './with-servers.ts';

const SHOWN_HISTORY = 50;

export function statusCommand(world: World): Command {
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
    `${sampled.toLocaleString('en')} sampled (${percent(row.spec.sample)})`,
    `${scored.toLocaleString('en')} scored`,
    `${waiting.toLocaleString('en')} waiting`,
    `${failed.toLocaleString('en')} failed`,
    ...(overBudget > 0 ? [`${overBudget.toLocaleString('en')} left out by budget`] : []),
    ...(overQueue > 0 ? [`${overQueue.toLocaleString('en')} left out as too many waited`] : []),
    ...(stopped > 0 ? [`${stopped.toLocaleString('en')} left out by the stop`] : []),
    ...(counts.lastScoredAt === null ? [] : [`last scored ${showTime(counts.lastScoredAt)}`]),
  ];
  for (const line of flow(parts, width)) terminal.print(line);
  const fields = Object.entries(window.fields);
  const coverage = window.coverage === null ? '' : `, ${percent(window.coverage)} of those sampled`;
  print(`runs of the last ${showSpan(row.spec.windowMs)}: ${count(window.scored, 'score')}${coverage}`);
  if (fields.length > 0) for (const line of fieldTable(fields, status, room - 2)) terminal.print(`  ${line}`);
  if (reasons.length > 0)
    print(`without a score: ${reasons.map(({ code, runs }) => `${runs.toLocaleString('en')} ${code}`).join(', ')}`);
  if (status.isStalled) print(`stalled: ${count(waiting, 'run')} waiting, and nothing is scored: sluice doctor`);
  if (status.isOutOfBudget) print('its budget of today is used up: nothing more is sampled before midnight, UTC');
  if (status.spentTodayUsd !== null)
    terminal.print(colours.dim(`  ${showCost(status.spentTodayUsd)} today${budgetText(status)}`));
}

function stateText({ row }: MonitorStatus): string {
  if (row.state === 'stopped') return `stopped: ${row.reason ?? 'no reason given'}`;
  if (row.spec.alert === null) return 'running';
  if (row.alert === 'unknown') return `running, with less than ${count(row.spec.alert.atLeast, 'score')} to judge by`;
  return `${row.alert} since ${showTime(row.alertSince)}`;
}

const budgetText = ({ row: { spec } }: MonitorStatus): string =>
  spec.budgetUsdPerDay === null ? '' : ` of at most ${showCost(spec.budgetUsdPerDay)}`;

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
