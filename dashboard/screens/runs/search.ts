/** What the screen shows, as its address has it: so that back returns to the same filter, and an address can be sent. */
import { useCallback, useMemo, useRef } from 'react';
import { useLocation, useSearch } from 'wouter';
import { type RunCondition, type RunSort, SHOWN_COLUMNS } from '../../../src/model/run-fields.ts';
import { readView } from '../../../src/run-filter/saved-view.ts';

/** What a saved view keeps. */
export interface RunsView {
  readonly where: readonly RunCondition[];
  readonly sort?: RunSort;
  readonly columns: readonly string[];
  /** What the scatter draws. */
  readonly axes: { readonly x: string; readonly y: string };
}

export const FRESH: RunsView = {
  where: [],
  columns: SHOWN_COLUMNS,
  axes: { x: 'latencyMs', y: 'costUsd' },
};

/** The view, the same object while the address is the same; `narrow` adds conditions, and is the same for good. */
export function useRunsView() {
  const search = useSearch();
  const [, go] = useLocation();
  const view = useMemo((): RunsView => ({ ...FRESH, ...read(search) }), [search]);
  const latest = useRef(view);
  latest.current = view;
  const change = useCallback((next: Partial<RunsView>) => go(addressOf({ ...latest.current, ...next })), [go]);
  const narrow = useCallback(
    (more: readonly RunCondition[]) => change({ where: [...latest.current.where, ...more] }),
    [change],
  );
  return { view, change, narrow };
}

export function addressOf(view: RunsView): string {
  const changed = Object.entries(view).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(FRESH[name as keyof RunsView]),
  );
  if (changed.length === 0) return '/runs';
  return `/runs?view=${encodeURIComponent(JSON.stringify(Object.fromEntries(changed)))}`;
}

function read(search: string): Partial<RunsView> {
  try {
    // Whoever wrote the address: what is no view shows all runs, too.
    return readView(JSON.parse(new URLSearchParams(search).get('view') ?? '{}')) ?? {};
  } catch {
    return {}; // an address that was cut: all runs are shown
  }
}
