/** What a saved view of runs keeps, read again as what may have been written by anybody. */
import { z } from 'zod';
import { SluiceError } from '../errors.ts';
import type { Json } from '../plan/plan.ts';
import type { RunCondition, RunSort } from './vocabulary.ts';

/** What a saved view keeps: what is not there is as on a fresh screen. */
export interface RunsView {
  readonly where: readonly RunCondition[];
  readonly sort?: RunSort;
  readonly columns?: readonly string[];
  readonly axes?: { readonly x: string; readonly y: string };
}

const value = z.union([z.string(), z.number()]);
const Kept = z.object({
  where: z
    .array(z.object({ field: z.string(), op: z.string(), value: z.union([value, z.array(value)]).optional() }))
    .default([]),
  sort: z.object({ by: z.string(), descending: z.boolean() }).optional(),
  columns: z.array(z.string()).optional(),
  axes: z.object({ x: z.string(), y: z.string() }).optional(),
});

/** @throws SluiceError `view_invalid` */
export function keptView(view: Json, name: string): RunsView {
  const { success, data } = Kept.safeParse(view);
  if (!success)
    throw new SluiceError('view_invalid', {
      message: `what is saved as '${name}' is no view of runs`,
      remedy: `save it again, or remove it: sluice runs views remove "${name}"`,
    });
  // What is not given is not there.
  return JSON.parse(JSON.stringify(data)) as RunsView;
}
