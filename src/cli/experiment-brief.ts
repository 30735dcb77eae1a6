/** `sluice experiment brief`: the page for whoever approves, as text: what was asked, what to do, and what it rests on. */
import type { Command } from 'commander';
import type { ExperimentStatus } from '../client/experiment-status.ts';
import type { LookReport } from '../experiment/look-report.ts';
import type { LookTableRow } from '../experiment/report-table.ts';
import type { AuditRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showTime, wrap } from './text.ts';
import { withStore } from './with-servers.ts';

interface Brief {
  readonly status: ExperimentStatus;
  readonly report: LookReport;
  readonly last: AuditRow | undefined;
}

export function briefCommand(world: World): Command {
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
  const [{ experimentStatus }, { lookReport }] = await Promise.all([
    import('../client/experiment-status.ts'),
    import('../experiment/look-report.ts'),
  ]);
  const found = await withStore(session, async ({ store }): Promise<Brief> => {
    const status = await experimentStatus(store, id);
    const [last] = await store.experiments.audit(status.row.experimentId, 1);
    return { status, report: lookReport(status.row, status.look, status.rolloutLook), last };
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
  const changed = last === undefined ? '' : ` Last changed by ${last.who}, ${showTime(last.at)}: ${last.why}.`;
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
        `Started by ${row.startedBy}, ${showTime(row.startedAt)}.${changed}`,
        `All numbers: sluice experiment status ${row.experimentId}; recomputed: sluice experiment audit ${row.experimentId}`,
      ],
    },
  ];
}

async function rowLine(row: LookTableRow): Promise<string> {
  const { effectText, standsText } = await import('../experiment/brief-words.ts');
  return `${row.metric} of ${row.variant}, ${row.better} is better: ${effectText(row)}, ${standsText(row)}`;
}
