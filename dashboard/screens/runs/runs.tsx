/** Runs: those that match, when they were, how long they took and how good they were, and each of them. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import { ask, type Trouble } from '../../api.ts';
import { runsCommands } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { ColumnChoice, columnsOf, type FoundRun } from './columns.tsx';
import { Filter } from './filter.tsx';
import { Histogram } from './histogram.tsx';
import { Scatter } from './scatter.tsx';
import { type RunsView, useRunsView } from './search.ts';
import { Views } from './views.tsx';

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
  const pages = useInfiniteQuery<FoundPage, Trouble>({
    queryKey: ['runs', where, sort],
    queryFn: ({ pageParam, signal }) =>
      ask('/v1/search/runs', { method: 'POST', body: { where, sort, limit: PAGE, offset: pageParam }, signal }),
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
  readonly pages: ReturnType<typeof useInfiniteQuery<FoundPage, Trouble>>;
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
