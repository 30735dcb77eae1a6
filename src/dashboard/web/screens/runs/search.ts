/** What the screen shows, as its address has it: so that back returns to the same filter, and an address can be sent. */
import { useCallback, useMemo, useRef } from 'react';
import { useLocation, useSearch } from 'wouter';
import { localTime } from '../../../../local-time.ts';
import { readView } from '../../../../run-filter/kept-view.ts';
import {
  FITTING,
  type RunCondition,
  type RunSort,
  SHOWN_COLUMNS,
  typeOfField,
} from '../../../../run-filter/vocabulary.ts';

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

/** For people: `latencyMs > 2000`. */
export const said = ({ field, op, value }: RunCondition): string =>
  [NAMES[field] ?? field, op, value === undefined ? '' : shown(field, value)].join(' ').trim();

function shown(field: string, value: NonNullable<RunCondition['value']>): string {
  if (Array.isArray(value)) return value.join(', ');
  return field === 'started' ? localTime(Number(value)) : String(value);
}

export const NAMES: { readonly [field: string]: string } = {
  started: 'started',
  run: 'run',
  pipeline: 'pipeline',
  variant: 'variant',
  state: 'state',
  question: 'question',
  latencyMs: 'took (ms)',
  costUsd: 'cost ($)',
  tokens: 'tokens',
  thumb: 'thumb',
  score: 'score',
  note: 'note',
  arms: 'arms',
  plan: 'plan',
  unit: 'unit',
  input: 'input',
  output: 'output',
  error: 'error',
};

export const operatorsOf = (field: string): readonly string[] => FITTING[typeOfField(field) ?? 'text'];

export const FILTERED = Object.keys(NAMES).filter((name) => name !== 'question');
