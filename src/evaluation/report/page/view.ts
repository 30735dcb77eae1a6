/** What is looked at: one state for the whole page, and whoever shows it is told when it changes. */
import { type Filter, NO_FILTER } from './examples/filter.ts';

export interface View {
  /** Place of the metric and of the variant that the examples are of. */
  readonly metric: number;
  readonly side: number;
  readonly filter: Filter;
}

export interface Store {
  get(): View;
  /** Another metric or variant has other values: a box drawn before is dropped. */
  set(change: Partial<Omit<View, 'filter'>> & { readonly filter?: Partial<Filter> }): void;
  /** Called at once, too. */
  watch(onView: (view: View, before: View | null) => void): void;
}

export function createStore(initial: Pick<View, 'metric' | 'side'>): Store {
  const watchers: ((view: View, before: View | null) => void)[] = [];
  let view: View = { ...initial, filter: NO_FILTER };
  return {
    get: () => view,
    set({ filter, ...change }) {
      const before = view;
      const isOther = Object.entries(change).some(([name, value]) => before[name as 'metric' | 'side'] !== value);
      view = { ...before, ...change, filter: { ...before.filter, ...(isOther && { box: null }), ...filter } };
      for (const watcher of watchers) watcher(view, before);
    },
    watch(onView) {
      watchers.push(onView);
      onView(view, null);
    },
  };
}
