/** Runs: those that match, when they were, how long they took and how good they were, and each of them. */

import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { shortId, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { requestPath } from '../../../src/contract/client.ts';
import { askedFor, needsValue, RUN_COLUMNS, type RunCondition, type RunSort } from '../../../src/model/run-fields.ts';
import { readView } from '../../../src/run-filter/saved-view.ts';
import { type ApiError, call, errorText, useApi } from '../../api.ts';
import { runsCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { Thumb } from '../../parts/thumb.tsx';
import type { ScreenProps } from '../../screens.ts';
import { FILTERED, NAMES, operatorsOf, said } from './condition-words.ts';
import { Histogram, Scatter } from './run-charts.tsx';
import { addressOf, FRESH, type RunsView, useRunsView } from './search.ts';

const PAGE = 200;
const TAIL_MS = 2_000;

interface FoundPage {
  readonly runs: readonly FoundRun[];
  readonly total: number;
}

export default function Runs({ session }: ScreenProps) {
  const { view, change, narrow } = useRunsView();
  const [isTailing, setTailing] = useState(false);
  const { where, sort } = view;
  const pages = useInfiniteQuery<FoundPage, ApiError, InfiniteData<FoundPage>, readonly unknown[], number>({
    queryKey: ['runs', where, sort],
    queryFn: ({ pageParam, signal }) =>
      call('searchRuns', { body: { where, sort, limit: PAGE, offset: pageParam }, signal }),
    initialPageParam: 0,
    getNextPageParam: ({ total }, all) => (all.length * PAGE < total ? all.length * PAGE : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: isTailing ? TAIL_MS : false,
  });
  const total = pages.data?.pages[0]?.total;
  return (
    <Page
      title="Runs"
      about={total === undefined ? undefined : `${showWhole(total)} ${where.length > 0 ? 'match' : 'in all'}`}
      command={runsCommands(view)}
      actions={
        <>
          <Views view={view} maySave={session.scopes.includes('operate')} />
          <ColumnChoice view={view} onChange={(columns) => change({ columns })} />
          <button type="button" aria-pressed={isTailing} onClick={() => setTailing(!isTailing)}>
            {isTailing ? 'Stop following' : 'Follow new runs'}
          </button>
        </>
      }
    >
      <Filter where={where} onChange={(next) => change({ where: next })} />
      <div className="grid">
        <Histogram view={view} isReady={!pages.isFetching} onNarrow={narrow} />
        <Scatter view={view} isReady={!pages.isFetching} onNarrow={narrow} onAxes={(axes) => change({ axes })} />
      </div>
      <p className="muted">Drag over a chart to see only those runs.</p>
      <Found pages={pages} view={view} onSort={(next) => change({ sort: next })} />
    </Page>
  );
}

interface FoundProps {
  readonly pages: ReturnType<typeof useInfiniteQuery<FoundPage, ApiError>>;
  readonly view: RunsView;
  readonly onSort: Parameters<typeof columnsOf>[1];
}

function Found({ pages, view, onSort }: FoundProps) {
  if (pages.data === undefined)
    return pages.isPending ? (
      <Loading what="runs" />
    ) : (
      <Failed error={pages.error!} retry={() => void pages.refetch()} />
    );
  const runs = (pages.data as unknown as { pages: readonly FoundPage[] }).pages.flatMap((page) => page.runs);
  if (runs.length === 0)
    return view.where.length > 0 ? (
      <Empty title="No run is like that">Take a condition away, or widen it.</Empty>
    ) : (
      <Empty title="Nothing has been asked yet" command={'sluice ask docs-bot:local "How do I stream a response?"'} />
    );
  return (
    <>
      {pages.error && (
        <div className="notice" role="alert">
          This may be out of date: {pages.error.message}.
        </div>
      )}
      <Rows
        rows={runs}
        columns={columnsOf(view, onSort)}
        keyOf={({ runId }) => runId}
        to={({ runId }) => `/runs/${runId}`}
        caption="Runs that match"
        onEnd={() => {
          if (pages.hasNextPage && !pages.isFetching) void pages.fetchNextPage();
        }}
      />
    </>
  );
}

// The filter: its conditions, with buttons to remove one and a form to add one.

interface FilterProps {
  readonly where: readonly RunCondition[];
  readonly onChange: (where: readonly RunCondition[]) => void;
}

function Filter({ where, onChange }: FilterProps) {
  return (
    <div className="bar">
      {where.map((condition, index) => (
        <button
          // biome-ignore lint/suspicious/noArrayIndexKey: two conditions may be the same
          key={`${index} ${said(condition)}`}
          type="button"
          className="badge accent"
          title="Take this condition away"
          onClick={() => onChange(where.filter((_, other) => other !== index))}
        >
          {said(condition)} <span aria-hidden="true">×</span>
        </button>
      ))}
      <NewCondition onAdd={(condition) => onChange([...where, condition])} />
    </div>
  );
}

function NewCondition({ onAdd }: { readonly onAdd: (condition: RunCondition) => void }) {
  const [field, setField] = useState('state');
  const [op, setOp] = useState('equals');
  const [value, setValue] = useState('');
  const operators = operatorsOf(field);
  const hasValue = needsValue(op);
  const add = (event: FormEvent) => {
    event.preventDefault();
    onAdd({ field, op, ...(hasValue && { value: field === 'started' ? Date.parse(value) : value }) });
    setValue('');
  };
  const choose = (next: string) => {
    setField(next);
    setOp(operatorsOf(next)[0]!);
  };
  return (
    <form className="bar bare" onSubmit={add} aria-label="One more condition">
      <select aria-label="Field" value={field} onChange={(event) => choose(event.target.value)}>
        {FILTERED.map((name) => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
      <select aria-label="Operator" value={op} onChange={(event) => setOp(event.target.value)}>
        {operators.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {hasValue && (
        <input
          aria-label="Value"
          required
          type={field === 'started' ? 'datetime-local' : 'text'}
          placeholder={op === 'in' ? 'one, another' : 'value'}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      )}
      <button type="submit">Filter</button>
    </form>
  );
}

// Saved views, shared by all users: filter, order, columns and axes under a name.

interface ViewsProps {
  readonly view: RunsView;
  /** Whether the key may save and remove views, which are everybody's. */
  readonly maySave: boolean;
}

function Views({ view, maySave }: ViewsProps) {
  const saved = useApi('listViews', { params: { screen: 'runs' } });
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const act = async (method: 'PUT' | 'DELETE', which: string) => {
    try {
      const params = { screen: 'runs', name: which } as const;
      if (method === 'PUT') await call('saveView', { params, body: { view: { ...view } } });
      else await call('removeView', { params });
      setProblem(undefined);
      await queries.invalidateQueries({ queryKey: [requestPath('listViews', { params: { screen: 'runs' } })] });
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    void act('PUT', name.trim());
    setName('');
  };
  return (
    <details className="menu">
      <summary>Views</summary>
      <div>
        <ul>
          <li>
            <button type="button" className="link" onClick={() => go('/runs')}>
              All runs
            </button>
          </li>
          {saved.data?.views.map(({ name: each, by, view: kept }) => (
            <li key={each}>
              <button
                type="button"
                className="link"
                title={`By ${by}`}
                onClick={() => go(addressOf({ ...FRESH, ...readView(kept) }))}
              >
                {each}
              </button>{' '}
              {maySave && (
                <button
                  type="button"
                  className="link"
                  aria-label={`Remove the view ${each}`}
                  onClick={() => void act('DELETE', each)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
        {maySave ? (
          <form className="bar bare" onSubmit={save}>
            <input
              aria-label="Name of the view"
              placeholder="save this as …"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <button type="submit">Save</button>
          </form>
        ) : (
          <p className="muted">To save views, sign in with a key that may operate.</p>
        )}
        {(problem ?? saved.error?.message) && (
          <p role="alert" className="harm">
            {problem ?? saved.error?.message}
          </p>
        )}
      </div>
    </details>
  );
}

// The columns of the list of runs, and the choice of those that are shown.

interface FoundRun {
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
function columnsOf(view: RunsView, onSort: (sort: RunSort) => void): readonly Column<FoundRun>[] {
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

function ColumnChoice({ view, onChange }: { view: RunsView; onChange: (columns: readonly string[]) => void }) {
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
