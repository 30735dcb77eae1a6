/** `sluice monitor list`: what runs, and what is defined in code. */
import type { Command } from 'commander';
import { showPercent, showTime } from '../base/format.ts';
import type { DefinedMonitors } from '../host/project.ts';
import type { AlertState } from '../model/monitor-spec.ts';
import type { MonitorRow } from '../store/monitors.ts';
import type { MonitorCounts } from '../store/monitors-read.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

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

export function listCommand(world: World): Command {
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
