/** What every look at an experiment said of each metric: the effect over time, as text. */
import type { LookRecord } from '../model/look-data.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { showTime } from './text.ts';

interface Looked {
  readonly row: ExperimentRow;
  readonly entries: readonly LedgerEntry[];
}

/** A line for each look, metric and variant, oldest first. */
export async function showLooks(terminal: Terminal, { row, entries }: Looked): Promise<void> {
  const [{ lookTable }, { effectText, standsText }] = await Promise.all([
    import('../experiment/report-table.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  const looks = entries.flatMap(({ kind, content }) => (kind === 'look' ? [JSON.parse(content) as LookRecord] : []));
  const said = looks.flatMap((look) => lookTable(row.spec, look).map((of) => ({ look, of })));
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
