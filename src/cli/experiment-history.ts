/** `sluice experiment history`: what was done with an experiment, by whom and why, and in which stages it was. */
import type { Command } from 'commander';
import { count, showPercent, showTime } from '../base/format.ts';
import type { AuditFinding, AuditReport } from '../experiment/audit.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import { ITSELF } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import type { AuditRow, ExperimentRow, StageRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { lookLine } from './experiment-status.ts';
import { entriesOf, stateText } from './experiment-text.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

/** As many as the store gives. */
const MOST_ROWS = 1_000;

export function historyCommand(world: World): Command {
  return readingCommand('history', {
    summary: 'list what was done with an experiment, by whom and why, its stages, and the looks that decided',
    examples: [
      ['experiment history rerank-online', 'from its start to its end'],
      ['experiment history rerank-online --looks', 'the effect at every look'],
      ['experiment history rerank-online --json', 'with every entry of its ledger'],
    ],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .option('--looks', 'instead, what every look said of each metric: the effect over time')
    .action((id: string, { looks = false }: { readonly looks?: boolean }, command: Command) =>
      runAction(world, command, (session) => history(session, id, looks)),
    );
}

interface History {
  readonly row: ExperimentRow;
  readonly stages: readonly StageRow[];
  /** Oldest first. */
  readonly audit: readonly AuditRow[];
  readonly entries: readonly LedgerEntry[];
}

async function history(session: Session, id: string, looks: boolean): Promise<ExitCode> {
  const { terminal } = session;
  const found = await withStore(session, async ({ store }): Promise<History> => {
    const row = await store.experiments.get(id);
    const [stages, audit, entries] = await Promise.all([
      store.experiments.stages(row.experimentId),
      store.experiments.audit(row.experimentId, MOST_ROWS),
      entriesOf(store, row.experimentId),
    ]);
    return { row, stages, audit: audit.toReversed(), entries };
  });
  if (terminal.json) {
    const { row, stages, audit, entries } = found;
    const ledger = entries.map(({ content, ...entry }) => ({ ...entry, content: JSON.parse(content) as Json }));
    terminal.printJson({ experimentId: row.experimentId, state: row.state, stages, audit, ledger });
  } else if (looks) await showLooks(terminal, found);
  else showHistory(terminal, found);
  return EXIT.fine;
}

interface Event {
  readonly at: number;
  readonly what: string;
  readonly who: string;
  readonly why: string;
}

function showHistory(terminal: Terminal, { row, stages, audit, entries }: History): void {
  const looks = entries.flatMap(({ kind, content }) =>
    kind === 'look' ? [JSON.parse(content) as AnalysisRecord] : [],
  );
  const deciding = looks.filter(({ decision, stops }) => decision !== 'continue' || stops.length > 0);
  const events = [...audit.map(eventOf), ...deciding.map((look) => lookEvent(look, row))].sort((a, b) => a.at - b.at);
  terminal.print(
    `${row.experimentId} on ${row.pipeline} is ${stateText(row.state)}: ${count(looks.length, 'look')} in ${count(stages.length, 'stage')}`,
  );
  for (const line of tableLines(
    events,
    [
      { heading: 'at', cell: ({ at }) => showTime(at) },
      { heading: 'what', cell: ({ what }) => what, isFlexible: true },
      { heading: 'by', cell: ({ who }) => who },
      { heading: 'why', cell: ({ why }) => why, isFlexible: true },
    ],
    terminal.room,
  ))
    terminal.print(line);
  for (const { stage, deploymentNo, beganAt, why } of stages)
    terminal.print(`  stage ${stage} since ${showTime(beganAt)}, on deployment ${deploymentNo}: ${why}`);
  terminal.print(`hold it to its ledger: sluice experiment audit ${row.experimentId}`);
}

function eventOf({ at, who, action, was, isNow, why }: AuditRow): Event {
  return { at, who, why, what: action === 'start' ? `started${shareOf(isNow)}` : (changeOf(was, isNow) ?? action) };
}

type Facts = { readonly [key: string]: Json };
const factsOf = (json: Json): Facts =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Facts) : {};

function shareOf(isNow: Json): string {
  const { share } = factsOf(isNow);
  return typeof share === 'number' ? ` with ${showPercent(share)} of the traffic` : '';
}

/** `running → paused`, `ramp 10 % → 25 %`; undefined where nothing that is shown has changed. */
function changeOf(was: Json, isNow: Json): string | undefined {
  const [before, after] = [factsOf(was), factsOf(isNow)];
  const show = (key: string, value: Json): string =>
    key === 'ramp'
      ? showPercent(Number(value ?? 0))
      : Array.isArray(value)
        ? value.join(', ') || '–'
        : String(value ?? '–');
  const parts = Object.keys(after)
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => {
      const [from, to] = [show(key, before[key] ?? null), show(key, after[key] ?? null)].map((text) =>
        key === 'state' ? text.replaceAll('_', ' ') : text,
      );
      return `${key === 'state' ? '' : `${key} `}${from} → ${to}`;
    });
  return parts.length === 0 ? undefined : parts.join('; ');
}

function lookEvent(look: AnalysisRecord, row: ExperimentRow): Event {
  const stops = look.stops.map((arm) => row.spec.arms[arm]?.name ?? String(arm)).join(', ');
  const [, , said = ''] = lookLine(look, row).split(/ {2}/);
  return {
    at: look.at,
    what: `look ${look.lookNo}: ${said}`,
    who: ITSELF,
    why: stops === '' ? '' : `stops ${stops}`,
  };
}

interface Looked {
  readonly row: ExperimentRow;
  readonly entries: readonly LedgerEntry[];
}

/** A line for each look, metric and variant, oldest first. */
async function showLooks(terminal: Terminal, { row, entries }: Looked): Promise<void> {
  const [{ effectRows }, { effectText, standsText }] = await Promise.all([
    import('../experiment/report-table.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  const looks = entries.flatMap(({ kind, content }) =>
    kind === 'look' ? [JSON.parse(content) as AnalysisRecord] : [],
  );
  const said = looks.flatMap((look) => effectRows(row.spec, look).map((of) => ({ look, of })));
  if (said.length === 0) return terminal.print(`${row.experimentId} has not been looked at yet`);
  for (const line of tableLines(
    said,
    [
      { heading: 'look', cell: ({ look }) => look.lookNo, align: 'right' },
      { heading: 'at', cell: ({ look }) => showTime(look.at) },
      { heading: 'metric', cell: ({ of }) => of.metric },
      { heading: 'variant', cell: ({ of }) => of.variant },
      { heading: 'effect', cell: ({ of }) => effectText(of), isFlexible: true },
      { heading: 'stands', cell: ({ of }) => standsText(of), isFlexible: true },
      { heading: 'decision', cell: ({ look }) => look.decision },
    ],
    terminal.room,
  ))
    terminal.print(line);
}

/** `sluice experiment audit`: every verdict worked out again, from the ledger alone. */
export function auditCommand(world: World): Command {
  return readingCommand('audit', {
    summary: 'work out every verdict again from the ledger alone; exit code 1 where one comes out otherwise',
    examples: [
      ['experiment audit rerank-online', 'whether all looks, and what was done after them, are as they should be'],
      ['experiment audit rerank-online --json', 'with every difference'],
    ],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .action((id: string, _options: object, command: Command) =>
      runAction(world, command, (session) => audit(session, id)),
    );
}

async function audit(session: Session, id: string): Promise<ExitCode> {
  const { terminal } = session;
  const { experimentId, report } = await withStore(session, async ({ store }) => {
    const { experimentId } = await store.experiments.get(id);
    const { auditLedger } = await import('../experiment/audit.ts');
    return { experimentId, report: auditLedger(await entriesOf(store, experimentId)) };
  });
  if (terminal.json) terminal.printJson({ experimentId, ...report });
  else showAudit(terminal, experimentId, report);
  return report.isEqual ? EXIT.fine : EXIT.error;
}

function showAudit(terminal: Terminal, experimentId: string, report: AuditReport): void {
  const { isEqual, entries, looks, identical, findings, more } = report;
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  const from = `worked out again from ${count(entries, 'entry', 'entries')} of the ledger alone`;
  if (isEqual) {
    print(`${experimentId}: ${count(looks, 'look')} ${from}, and all come out the same`, '');
    print(
      identical === looks
        ? 'every number, to the last digit'
        : `${identical} to the last digit; the others differ by less than 1e-9, as machines round`,
    );
    return;
  }
  print(`${experimentId}: ${count(findings.length + more, 'difference')} in ${count(looks, 'look')} ${from}`, '');
  print(`first: ${findingText(findings[0]!)}`);
  if (findings.length > 1) print(`all of them: sluice experiment audit ${experimentId} --json`);
}

const WHAT: { readonly [Code in AuditFinding['code']]: string } = {
  entries: 'the entries are not in order',
  unreadable: 'it cannot be read',
  settings: 'the settings are not those of the start',
  decision: 'another decision',
  number: 'another number',
  act: 'something was done that no look had decided',
};

function findingText({ entryNo, lookNo, code, at, recorded, recomputed }: AuditFinding): string {
  const where = lookNo === null ? `entry ${entryNo}` : `look ${lookNo} (entry ${entryNo})`;
  return `${where}: ${WHAT[code]}, at ${at}: recorded ${JSON.stringify(recorded)}, worked out ${JSON.stringify(recomputed)}`;
}
