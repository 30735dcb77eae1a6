/** Looks at the window of a monitor, and writes what it says where it says something else than before. */
import type { Json } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';
import { alertStateOf, windowStatistics } from './window.ts';

/** @throws SluiceError `monitor_unknown`, what the store throws */
export async function watch({ monitors }: Pick<Store, 'monitors'>, monitorId: string): Promise<void> {
  const { spec, alert: was, state } = await monitors.get(monitorId);
  if (spec.alert === null || state !== 'running') return;
  const statistics = windowStatistics(spec, await monitors.window(monitorId, spec.windowMs));
  const isNow = alertStateOf(spec.alert, statistics, was);
  if (isNow === was) return;
  const { field, below, above } = spec.alert;
  const { from, to, sampled } = statistics;
  const { n, mean, lo, hi } = statistics.fields[field]!;
  const evidence = { field, below, above, n, mean, lo, hi, sampled, from, to } satisfies { [fact: string]: Json };
  await monitors.moveAlert(monitorId, { was, isNow, evidence });
}
