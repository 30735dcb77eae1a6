/**
 * Which steps the living workers can run, and whose models they can ask. A call to a step that no worker knows would be
 * retried for ever; so workers publish what they have, under a lease, and a start that needs anything else is refused by
 * its name. It is the workers' keys that count: a client needs none.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { onceEach } from '../base/once.ts';
import { type AnyStep, stepName } from '../dsl/step.ts';
import { indexOf } from '../evaluation/pins.ts';
import { isServed, keyMissing, modelIn, type Served, servedFor } from '../models/plan-keys.ts';
import { nodesOf, stepCallsOf, stepsOf } from '../plan/nodes.ts';
import { dryRunMissing, type OpenWrite, openWrites, type WriteOf } from '../plan/open-writes.ts';
import type { Plan, StepCall, StepNode } from '../plan/plan.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import { isModelOf } from '../retrieval/embedder.ts';
import type { CatalogueStep } from '../store/catalogue.ts';
import type { Store } from '../store/store.ts';
import { modelDiffers, type VectorSearch } from '../store/vector-search.ts';

const LEASE_MS = 15_000;
const RENEWALS_PER_LEASE = 3;
const WITHDRAW_LIMIT_MS = 2_000;
/** A published catalogue is believed for this long; a step not in it is looked up again at once. */
const BELIEVED_MS = 5_000;

export interface Published {
  withdraw(): Promise<void>;
}

/** How a worker publishes which rules of redaction it has: clients must have the same. */
const REDACTS = 'redacts:';
export const redactsBy = ({ digest }: Redaction): string => `${REDACTS}${digest}`;

/** Publishes a worker's steps, providers as `cohere/*` and its rules as `redacts:…`, and keeps them published until they are withdrawn. */
export async function keepPublished(
  catalogue: Store['catalogue'],
  worker: { readonly workerId: string; readonly queue: string; readonly steps: readonly CatalogueStep[] },
): Promise<Published> {
  const { workerId, queue: taskQueue, steps } = worker;
  const publish = () => catalogue.publish({ workerId, taskQueue, steps, leaseMs: LEASE_MS });
  await publish();
  // A renewal that fails is made good by the next: an outage of the database must not end a worker.
  const timer = setInterval(() => publish().catch(() => undefined), LEASE_MS / RENEWALS_PER_LEASE);
  timer.unref();
  return {
    async withdraw() {
      clearInterval(timer);
      // A database that is away must not hold up the end of a worker: the lease ends soon anyway.
      const withdrawn = catalogue.withdraw(workerId).catch(() => undefined);
      await Promise.race([withdrawn, delay(WITHDRAW_LIMIT_MS, undefined, { ref: false })]);
    },
  };
}

/** A step as its worker publishes it: what it does outside is known to clients that have only plans. */
export const publishedStep = (step: AnyStep): CatalogueStep => ({
  ...{ step: stepName(step), effect: step.effect },
  ...(step.effect === 'write' && { hasDryRun: step.dryRun !== undefined }),
});

/**
 * @param needsDryRun which calls of `write` steps something must stand for; absent: it is for live runs, which execute them
 */
export type CheckCatalogue = (plan: Plan, needsDryRun?: (call: OpenWrite) => boolean) => Promise<void>;

/**
 * A check that every step of a plan has a worker on the queue where it is called.
 *
 * The check throws SluiceError `no_worker`, `step_unregistered` naming the step and the nearest one there is, or
 * `key_missing` naming the variables of the keys that no worker there has, or `redaction_differs` where a worker there has other
 * rules than this client: what one of them takes out the other would keep; `dry_run_missing` naming nodes and steps.
 *
 * @param runQueue where runs are hosted, and steps called whose node names no queue
 */
export function createCatalogueCheck(
  catalogue: Store['catalogue'],
  runQueue: string,
  redaction: Redaction = NO_REDACTION,
): CheckCatalogue {
  /** By task queue. */
  let known: ReadonlyMap<string, KnownSteps> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async () => {
    const registered = Map.groupBy(await catalogue.registered(), ({ taskQueue }) => taskQueue);
    known = new Map([...registered].map(([queue, steps]) => [queue, new Map(steps.map((step) => [step.step, step]))]));
    readAt = performance.now();
  };
  const firstMissing = (needed: readonly Needed[]) =>
    needed.find(
      ({ queue, steps, served }) =>
        !known.has(queue) || [...steps, ...served].some((name) => !known.get(queue)?.has(name)),
    );
  const openIn = (plan: Plan, needsDryRun: (call: OpenWrite) => boolean) => {
    const steps = [...known.values()];
    return openWrites(plan, (step) => writeIn(steps, step)).filter(needsDryRun);
  };
  return async (plan, needsDryRun = () => false) => {
    const needed = neededBy(plan, runQueue);
    const firstOther = () => needed.find(({ queue }) => isOther(redaction, known.get(queue)));
    if (performance.now() - readAt > BELIEVED_MS || firstMissing(needed) || firstOther()) await read();
    else if (openIn(plan, needsDryRun).length > 0) await read();
    const lacking = firstMissing(needed);
    if (lacking) throw missing(plan, lacking, known.get(lacking.queue));
    const other = firstOther();
    if (other) throw redactionDiffers(other.queue, redaction);
    const open = openIn(plan, needsDryRun);
    if (open.length > 0) throw dryRunMissing(`'${plan.pipeline}', outside live runs,`, open);
  };
}

type KnownSteps = ReadonlyMap<string, CatalogueStep>;

/** Whichever queue it is called on: what is not served is called by a worker that has every step. */
function writeIn(queues: readonly KnownSteps[], step: string): ReturnType<WriteOf> {
  const found = queues.flatMap((steps) => steps.get(step) ?? []).filter(({ effect }) => effect === 'write');
  return found.length === 0 ? undefined : { hasDryRun: found.every(({ hasDryRun }) => hasDryRun === true) };
}

/** Whether some worker has other rules. One that does not say has none. */
function isOther(redaction: Redaction, known: KnownSteps = new Map()): boolean {
  const said = [...known.keys()].filter((name) => name.startsWith(REDACTS));
  return said.some((name) => name !== redactsBy(redaction)) || (redaction.isOn && said.length === 0);
}

const redactionDiffers = (queue: string, { rules }: Redaction): SluiceError =>
  new SluiceError('redaction_differs', {
    message: `a worker on '${queue}' does not redact by the rules that hold here (${rules})`,
    remedy:
      'set SLUICE_REDACT, SLUICE_REDACT_FIELDS and SLUICE_REDACT_PATTERNS to the same for workers and callers, and restart the workers',
    data: { queue, rules },
  });

interface Needed {
  readonly queue: string;
  readonly steps: readonly string[];
  readonly served: readonly Served[];
}

/** The queue that hosts the run comes first, whether or not a step is called there. */
function neededBy(plan: Plan, runQueue: string): readonly Needed[] {
  const queueOf = ({ policy }: StepNode) => policy.taskQueue ?? runQueue;
  const nodes = [...nodesOf(plan)].filter((node) => node.kind === 'step');
  const queues = new Set([runQueue, ...nodes.map(queueOf)]);
  return [...queues].map((queue) => ({
    queue,
    steps: stepsOf(plan, (node) => queueOf(node) === queue),
    served: [...new Set(nodes.filter((node) => queueOf(node) === queue).flatMap(servedFor))],
  }));
}

function missing(plan: Plan, { queue, steps, served }: Needed, known: KnownSteps | undefined): SluiceError {
  if (known === undefined)
    return new SluiceError('no_worker', {
      message: `no worker is running on '${queue}'`,
      remedy: 'start one: sluice worker (or sluice dev, which has one)',
    });
  const step = steps.find((each) => !known.has(each));
  if (step === undefined)
    return keyMissing(
      plan,
      queue,
      served.filter((each) => !known.has(each)),
    );
  const registered = [...known.keys()].filter((each) => !isServed(each) && !each.startsWith(REDACTS)).sort();
  return new SluiceError('step_unregistered', {
    message: `no running worker on '${queue}' has '${step}', which '${plan.pipeline}' needs`,
    remedy: `implement it in activities/index.ts and restart the worker; ${suggest(step, registered, 'no step is registered')}`,
    data: { step, queue, registered },
  });
}

// Which embedding model a plan's searches need of an index. Vectors of two models cannot be compared: such a search always
// fails, and a pipeline that goes on without it would answer worse and not say so.

/** The vector search step, in any version. */
const SEARCH = 'vectorSearch@';

/** How many indexes are kept. */
const KEPT_INDEXES = 100;
/** Errors that a search itself reports: the index has no model to compare. */
const WITHOUT_MODEL: ReadonlySet<string> = new Set([
  ...['index_not_embedded', 'index_not_built', 'index_unknown', 'snapshot_unknown', 'snapshot_ambiguous'],
]);

interface Searched {
  readonly index: string;
  readonly model: string;
  /** The beginning of a snapshot's hash; absent: the newest. */
  readonly prefix?: string;
}

/**
 * A check that the indexes which a plan searches have the models that its searches name.
 *
 * The check throws SluiceError `embedding_model_differs`.
 */
export function createIndexCheck({ embedded }: Pick<VectorSearch, 'embedded'>): (plan: Plan) => Promise<void> {
  const modelOf = onceEach(
    (_key: string, { index, prefix }: Searched) => embedded(index, prefix).then(({ model }) => model, withoutModel),
    KEPT_INDEXES,
  );
  return async (plan) => {
    for (const searched of stepCallsOf(plan).flatMap((call) => searchedBy(call) ?? [])) {
      const period = Math.floor(performance.now() / BELIEVED_MS);
      const found = await modelOf(JSON.stringify([searched.index, searched.prefix, period]), searched);
      if (found !== undefined && !isModelOf({ name: searched.model }, found)) throw differs(plan, searched, found);
    }
  };
}

function searchedBy(call: StepCall): Searched | undefined {
  const [read, model] = [indexOf(call), modelIn(call)];
  return call.step.startsWith(SEARCH) && read !== undefined && model !== undefined ? { ...read, model } : undefined;
}

function withoutModel(error: unknown): undefined {
  if (error instanceof SluiceError && WITHOUT_MODEL.has(error.code)) return undefined;
  throw error;
}

const differs = ({ pipeline }: Plan, { index, model }: Searched, found: string) =>
  modelDiffers(
    index,
    found,
    model,
    `'${pipeline}' searches the index '${index}' by '${model}', and the index has vectors of '${found}'`,
  );
