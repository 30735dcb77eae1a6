/** `sluice experiment list`: what is on, and what is defined in code. */

import type { Command } from 'commander';
import { showPercent, showTime } from '../base/format.ts';
import type { DefinedExperiments } from '../host/project.ts';
import { type ExperimentState, isLive } from '../model/experiment-spec.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { stateText } from './experiment-text.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

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

export function listCommand(world: World): Command {
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
