/** `sluice experiment`: variants on live traffic, planned, started, watched, steered, and held to what was written down. */
import type { Command } from 'commander';
import { showPercent, showTime } from '../base/format.ts';
import type { ExperimentStatus } from '../client/experiment-status.ts';
import type { AnalysisReport } from '../experiment/analysis-report.ts';
import type { EffectRow } from '../experiment/report-table.ts';
import type { DefinedExperiments } from '../host/project.ts';
import { type ExperimentState, isLive } from '../model/experiment-spec.ts';
import type { AuditRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { auditCommand, historyCommand } from './experiment-history.ts';
import { planCommand } from './experiment-plan.ts';
import { startCommand } from './experiment-start.ts';
import { statusCommand } from './experiment-status.ts';
import { abortCommand, approveCommand, pauseCommand, resumeCommand } from './experiment-steer.ts';
import { stateText } from './experiment-text.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines, wrap } from './table.ts';
import { withStore } from './with-servers.ts';

export function experimentCommand(world: World): Command {
  const commands = [
    listCommand,
    planCommand,
    startCommand,
    statusCommand,
    pauseCommand,
    resumeCommand,
    approveCommand,
    abortCommand,
    briefCommand,
    historyCommand,
    auditCommand,
  ];
  return groupCommand(
    'experiment',
    'try variants on live traffic, and decide by what comes of it',
    commands.map((create) => create(world)),
  );
}

interface ListOptions {
  readonly pipeline?: string;
  readonly all?: boolean;
  readonly limit: number;
}

/** One that was started, or a definition that never was. */
interface Listed {
  readonly experiment: string;
  readonly pipeline: string;
  readonly kind: 'experiment' | 'rollout';
  readonly state: ExperimentState | 'not started';
  readonly isDefined: boolean;
  readonly share: number;
  /** Null where it was not started. */
  readonly stage: number | null;
  readonly variants: readonly string[];
  /** In one line. */
  readonly verdict: string | null;
  readonly startedAt: number | null;
  /** Null while it goes on, too. */
  readonly endedAt: number | null;
  readonly winner: string | null;
}

const LARGEST_PAGE = 1_000;

/** `sluice experiment list`: what is on, and what is defined in code. */
function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list what is on, and what is defined in code',
    examples: [
      ['experiment list', 'what is on, with how it stands; and what could be started'],
      ['experiment list --pipeline docs-bot --all', 'also all that have ended'],
    ],
  })
    .option('--pipeline <pipeline>', 'only those on this one')
    .option('--all', 'also those that have ended')
    .option('--limit <number>', 'how many of those that were started', positiveInteger(LARGEST_PAGE), 20)
    .action((options: ListOptions, command: Command) =>
      runAction(world, command, (session) => listExperiments(session, options)),
    );
}

async function listExperiments(session: Session, options: ListOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const defined = await services.experiments();
  const listed = await withStore(session, ({ store }) => listedIn(store, defined, options));
  if (terminal.json) terminal.printJson(listed);
  else if (listed.length === 0)
    terminal.print('no experiments: define one (defineExperiment), and export it in pipelines/index.ts');
  else {
    for (const line of listTable(listed, terminal.room)) terminal.print(line);
    const [next] = listed.filter(({ state }) => state === 'not started');
    if (next !== undefined) terminal.print(`how long would it take: sluice experiment plan ${next.experiment}`);
  }
  return EXIT.fine;
}

async function listedIn(
  store: Store,
  defined: DefinedExperiments,
  { pipeline, all = false, limit }: ListOptions,
): Promise<readonly Listed[]> {
  const { statusOf } = await import('../client/experiment-status.ts');
  const rows = await store.experiments.list({ ...(pipeline !== undefined && { pipeline }), limit: LARGEST_PAGE });
  // Of a definition that is not on, the last time says more than nothing.
  const isLast = (index: number) => rows.findIndex(({ name }) => name === rows[index]!.name) === index;
  const shown = rows.filter((row, index) => all || isLive(row) || (defined.has(row.name) && isLast(index)));
  const started = await Promise.all(
    shown.slice(0, limit).map(async (row): Promise<Listed> => {
      const { sentences } = await statusOf(store, row);
      const { experimentId, spec, kind, state, stage, startedAt, endedAt, winner } = row;
      return {
        ...{ experiment: experimentId, pipeline: row.pipeline, kind, state, isDefined: defined.has(row.name) },
        ...{ share: spec.share, stage, variants: spec.arms.slice(1).map(({ name }) => name) },
        ...{ verdict: sentences[0] ?? null, startedAt, endedAt, winner },
      };
    }),
  );
  const known = new Set(rows.map(({ name }) => name));
  const never = [...defined.values()]
    .filter(({ id, spec }) => !known.has(id) && (pipeline === undefined || spec.pipeline === pipeline))
    .map(
      ({ id, spec }): Listed => ({
        ...{ experiment: id, pipeline: spec.pipeline, kind: 'experiment', state: 'not started', isDefined: true },
        ...{ share: spec.share, stage: null, variants: spec.arms.slice(1).map(({ name }) => name) },
        ...{ verdict: null, startedAt: null, endedAt: null, winner: null },
      }),
    );
  return [...started, ...never];
}

function listTable(listed: readonly Listed[], room: number): string[] {
  return tableLines(
    listed,
    [
      { heading: 'experiment', cell: ({ experiment }) => experiment },
      { heading: 'on', cell: ({ pipeline }) => pipeline },
      { heading: 'state', cell: ({ state }) => (state === 'not started' ? state : stateText(state)) },
      { heading: 'share', cell: ({ share }) => showPercent(share), align: 'right' },
      { heading: 'stage', cell: ({ stage }) => stage, align: 'right' },
      { heading: 'variants', cell: ({ variants }) => variants.join(', '), isFlexible: true },
      { heading: 'winner', cell: ({ winner }) => winner },
      { heading: 'since', cell: ({ startedAt }) => showTime(startedAt) },
      { heading: 'until', cell: ({ endedAt }) => showTime(endedAt) },
      { heading: 'verdict', cell: ({ verdict }) => verdict, isFlexible: true },
    ],
    room,
  );
}

interface Brief {
  readonly status: ExperimentStatus;
  readonly report: AnalysisReport;
  readonly last: AuditRow | undefined;
}

/** `sluice experiment brief`: the page for whoever approves, as text: what was asked, what to do, and what it rests on. */
function briefCommand(world: World): Command {
  return readingCommand('brief', {
    summary: 'the decision brief: what was asked, what to do, what it rests on, what an approval sets off',
    examples: [['experiment brief rerank-online', 'one page for whoever approves']],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .action((id: string, _options: object, command: Command) =>
      runAction(world, command, (session) => brief(session, id)),
    );
}

async function brief(session: Session, id: string): Promise<ExitCode> {
  const { terminal } = session;
  const [{ experimentStatus }, { analysisReport }] = await Promise.all([
    import('../client/experiment-status.ts'),
    import('../experiment/analysis-report.ts'),
  ]);
  const found = await withStore(session, async ({ store }): Promise<Brief> => {
    const status = await experimentStatus(store, id);
    const [last] = await store.experiments.audit(status.row.experimentId, 1);
    return { status, report: analysisReport(status.row, status.look, status.rolloutLook), last };
  });
  const sections = await sectionsOf(found, Date.now());
  if (terminal.json) {
    const { experimentId, state } = found.status.row;
    terminal.printJson({ experimentId, state, sections, report: found.report });
    return EXIT.fine;
  }
  for (const [place, { title, lines }] of sections.entries()) {
    if (place > 0) terminal.print();
    terminal.print(terminal.colours.bold(title));
    for (const line of lines) for (const part of wrap(line, terminal.width)) terminal.print(part);
  }
  return EXIT.fine;
}

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** As on the screen, in its words and order. */
async function sectionsOf({ status, report, last }: Brief, now: number): Promise<readonly Section[]> {
  const words = await import('../experiment/brief-words.ts');
  const { row, sentences } = status;
  const { asked, table } = report;
  const own = words.ownRows(table, row.winner);
  const of = (role: string) => Promise.all(own.filter((each) => each.role === role).map(rowLine));
  const [primary, guardrails] = [await of('primary'), await of('guardrail')];
  const changed =
    last === undefined ? '' : ` Last changed by ${last.who}, ${showTime(last.at, 'minutes')}: ${last.why}.`;
  return [
    { title: 'Question', lines: [words.questionOf(row, asked)] },
    {
      title: 'Recommendation',
      lines: [words.recommendationOf(row), sentences.join(' ')].filter((line) => line !== ''),
    },
    ...(primary.length > 0 ? [{ title: 'Effect', lines: primary }] : []),
    ...(guardrails.length > 0 ? [{ title: 'Guardrails', lines: guardrails }] : []),
    ...(table.length === 0
      ? [{ title: 'Numbers', lines: ['Nothing has been looked at yet: there are none to decide by.'] }]
      : []),
    {
      title: 'Exposure and duration',
      lines: [
        words.exposureText(row, report, now),
        words.ratioText(report),
        ...[words.exposureRatesText(report) ?? []].flat(),
      ],
    },
    {
      title: words.approvalHeading(row),
      lines: words.onApproval(row, asked).map((step, place) => `${place + 1}. ${step}`),
    },
    {
      title: 'Who, when',
      lines: [
        `Started by ${row.startedBy}, ${showTime(row.startedAt, 'minutes')}.${changed}`,
        `All numbers: sluice experiment status ${row.experimentId}; recomputed: sluice experiment audit ${row.experimentId}`,
      ],
    },
  ];
}

async function rowLine(row: EffectRow): Promise<string> {
  const { effectText, standsText } = await import('../experiment/brief-words.ts');
  return `${row.metric} of ${row.variant}, ${row.better} is better: ${effectText(row)}, ${standsText(row)}`;
}
