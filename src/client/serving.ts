/**
 * What is served, kept in the process: a request is decided without asking anyone. Whether something has changed is asked
 * at most twice a second, beside the requests; only after a pause does a request wait for the answer. So a change, such as
 * a rollback, holds for all runs that begin `STALE_MS` later.
 */

import { onceEach } from '../base/once.ts';
import { compileServing, type Served, type ServeRequest } from '../experiment/serve.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';

/** Older than this, what is known is asked for anew beside the request; older than that, before it. */
const FRESH_MS = 500;
const STALE_MS = 1_500;
/** Deployed plans that are kept. */
const KEPT_BASES = 50;

export interface Decided extends Served {
  readonly deployment: DeploymentRow;
}

/** What a pipeline serves for this request; undefined where nothing is deployed. */
export type Decide = (pipeline: string, request: ServeRequest) => Promise<Decided | undefined>;

interface Known {
  readonly version: number;
  readonly decide: ((request: ServeRequest) => Decided) | undefined;
}

interface Kept {
  known: Known;
  checkedAt: number;
  checking: Promise<Known> | undefined;
}

/** @param now milliseconds that only grow */
export function createServing(
  { experiments, plans }: Pick<Store, 'experiments' | 'plans'>,
  now: () => number = () => performance.now(),
): Decide {
  const kept = new Map<string, Kept>();
  const baseOf = onceEach((id) => plans.get(id), KEPT_BASES);

  async function read(pipeline: string): Promise<Known> {
    const serving = await experiments.serving(pipeline);
    if (serving === undefined) return { version: 0, decide: undefined };
    const { version, deployment } = serving;
    const serve = compileServing(serving, await baseOf(deployment.planId));
    return { version, decide: (request) => ({ ...serve(request), deployment }) };
  }
  async function check(pipeline: string, known: Known | undefined): Promise<Known> {
    const isSame = known !== undefined && (await experiments.version(pipeline)) === known.version;
    return isSame ? known : read(pipeline);
  }
  async function first(pipeline: string): Promise<Known> {
    const startedAt = now();
    const known = await read(pipeline);
    kept.set(pipeline, { known, checkedAt: startedAt, checking: undefined });
    return known;
  }
  /** Requests that come while it is asked share the answer, which is as old as the asking. */
  function refresh(pipeline: string, entry: Kept): Promise<Known> {
    if (entry.checking) return entry.checking;
    const startedAt = now();
    entry.checking = check(pipeline, entry.known)
      .then((known) => {
        Object.assign(entry, { known, checkedAt: startedAt });
        return known;
      })
      .finally(() => {
        entry.checking = undefined;
      });
    entry.checking.catch(() => undefined); // a request that may not go on without it awaits it
    return entry.checking;
  }

  return async (pipeline, request) => {
    const entry = kept.get(pipeline);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : now() - entry.checkedAt;
    if (entry === undefined) return (await first(pipeline)).decide?.(request);
    if (age > STALE_MS) return (await refresh(pipeline, entry)).decide?.(request);
    if (age > FRESH_MS) void refresh(pipeline, entry);
    return entry.known.decide?.(request);
  };
}
