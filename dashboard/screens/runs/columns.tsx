/** The columns of the list of runs: which there are, and which are shown. */

import { shortId, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { askedFor, RUN_COLUMNS, type RunSort } from '../../../src/model/run-fields.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import type { Column } from '../../parts/rows.tsx';
import { Thumb } from '../../parts/thumb.tsx';
import { NAMES } from './condition-words.ts';
import type { RunsView } from './search.ts';

export interface FoundRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly variant: string | null;
  readonly planId: string;
  readonly arms: { readonly [experiment: string]: string };
  readonly unit: string | null;
  readonly state: string;
  readonly startedAt: number;
  readonly question: string | null;
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
  readonly tokens: number | null;
  readonly thumb: number | null;
}

const CELLS: { readonly [name: string]: Pick<Column<FoundRun>, 'cell' | 'isNumber'> } = {
  started: { cell: ({ startedAt }) => <Moment at={startedAt} /> },
  run: { cell: ({ runId }) => <code>{shortId(runId)}</code> },
  pipeline: { cell: askedFor },
  state: { cell: ({ state }) => <Badge word={state} /> },
  question: { cell: ({ question }) => question ?? '–' },
  latencyMs: { cell: ({ latencyMs }) => showDuration(latencyMs), isNumber: true },
  costUsd: { cell: ({ costUsd }) => showMoney(costUsd), isNumber: true },
  tokens: { cell: ({ tokens }) => showWhole(tokens), isNumber: true },
  thumb: { cell: ({ thumb }) => thumbOf(thumb) },
  arms: { cell: ({ arms }) => armsOf(arms) },
  plan: { cell: ({ planId }) => <code>{shortId(planId)}</code> },
  unit: { cell: ({ unit }) => unit ?? '–' },
};

/** The mean of several: no thumb where they are of two minds. */
function thumbOf(thumb: number | null) {
  if (thumb === null) return '–';
  return thumb === 0 ? 'both' : <Thumb side={thumb > 0 ? 'up' : 'down'} />;
}

function armsOf(arms: FoundRun['arms']): string {
  const entries = Object.entries(arms);
  return entries.length === 0 ? '–' : entries.map(([experiment, arm]) => `${experiment}: ${arm}`).join(', ');
}

const HEADINGS: { readonly [name: string]: string } = { latencyMs: 'Took', costUsd: 'Cost', tokens: 'Tokens' };
const SORTED: ReadonlySet<string> = new Set([
  'started',
  'pipeline',
  'state',
  'latencyMs',
  'costUsd',
  'tokens',
  'thumb',
]);

/** Those that the view shows; a heading sorts by its column. */
export function columnsOf(view: RunsView, onSort: (sort: RunSort) => void): readonly Column<FoundRun>[] {
  return RUN_COLUMNS.filter((name) => view.columns.includes(name)).map((name) => {
    const word = HEADINGS[name] ?? `${NAMES[name]![0]!.toUpperCase()}${NAMES[name]!.slice(1)}`;
    if (!SORTED.has(name)) return { id: name, heading: word, ...CELLS[name]! };
    const isSorted = (view.sort?.by ?? 'started') === name;
    const descending = view.sort?.descending ?? true;
    const onClick = () => onSort({ by: name, descending: isSorted ? !descending : true });
    const arrow = isSorted ? (descending ? ' ↓' : ' ↑') : '';
    const sort = isSorted ? ({ sort: descending ? 'descending' : 'ascending' } as const) : {};
    return { id: name, heading: <Heading {...{ word, arrow, onClick }} />, ...sort, ...CELLS[name]! };
  });
}

function Heading({ word, arrow, onClick }: { word: string; arrow: string; onClick: () => void }) {
  return (
    <button type="button" className="heading" onClick={onClick}>
      {word}
      <span aria-hidden="true">{arrow}</span>
    </button>
  );
}

export function ColumnChoice({ view, onChange }: { view: RunsView; onChange: (columns: readonly string[]) => void }) {
  return (
    <details className="menu">
      <summary>Columns</summary>
      <fieldset>
        <legend className="visually-hidden">Columns that are shown</legend>
        {RUN_COLUMNS.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={view.columns.includes(name)}
              onChange={({ target }) =>
                onChange(RUN_COLUMNS.filter((each) => (each === name ? target.checked : view.columns.includes(each))))
              }
            />{' '}
            {NAMES[name]}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
