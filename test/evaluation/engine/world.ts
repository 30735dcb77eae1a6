/**
 * The evaluation engine without Temporal: what the evaluate workflow asks of its worker, asked by a plain function over
 * the embedded database, so that bad input is tried in milliseconds. Workers share one store, as processes would.
 */
import type { Implemented } from '../../../src/boundary/implement.ts';
import { type Config, readConfig } from '../../../src/config/config.ts';
import { stepName, writesIn } from '../../../src/dsl/step.ts';
import { createMakeAttempt } from '../../../src/evaluation/attempts.ts';
import { beginEvaluation, endEvaluation } from '../../../src/evaluation/begin.ts';
import { evaluateChunk } from '../../../src/evaluation/chunk/evaluate-chunk.ts';
import { createEvaluationWorker, type EvaluationWorker } from '../../../src/evaluation/evaluation-worker.ts';
import type { Example } from '../../../src/model/dataset.ts';
import { addTallies, type ChunkResult, emptyTally } from '../../../src/model/evaluate-messages.ts';
import type { ResultRow } from '../../../src/model/evaluation-result.ts';
import type { EvaluationSpec } from '../../../src/model/evaluation-spec.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { createRedaction } from '../../../src/redaction/redaction.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import type { EvaluationRow } from '../../../src/store/evaluations.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import { createModels, type Models } from '../../../src/worker/models.ts';
import { startPglite } from '../../support/postgres.ts';

type Settings = { readonly [name: string]: string };
type Dependencies = Models & { readonly store: Store };

export interface Place extends Dependencies {
  readonly database: Database;
  readonly config: Config;
  /** The same place with other settings, such as `SLUICE_LIMITS`; it is not to be stopped by itself. */
  with(settings: Settings): Place;
  stop(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const running = await startPglite();
  const database = openDatabase(running.url);
  const store = createStore(database);
  const placeWith = (settings: Settings): Place => {
    const config = readConfig({ DATABASE_URL: running.url, ...settings });
    return {
      ...{ database, store, config, ...createModels(store, config) },
      with: (more) => placeWith({ ...settings, ...more }),
      async stop() {
        await database.close();
        await running.stop();
      },
    };
  };
  return placeWith({});
}

/** @param code what the steps' digests are made of: other code, other digests */
export function workerOf(
  { store, config }: Pick<Place, 'store' | 'config'>,
  implementations: readonly Implemented[],
  code: (step: string) => string = () => 'as it was',
): EvaluationWorker {
  const steps = implementations.map(({ step }) => stepName(step));
  const snapshots = new Set(
    implementations.filter(({ step }) => 'snapshot' in step.config.shape).map(({ step }) => stepName(step)),
  );
  const redaction = createRedaction(config.redaction);
  const digests = new Map(steps.map((step) => [step, `${step}: ${code(step)}`]));
  return createEvaluationWorker({
    store,
    concurrency: config.evalConcurrency,
    redaction,
    attempt: createMakeAttempt({ payloads: store.payloads, redaction }, implementations),
    digests: async () => digests,
    takesSnapshot: (step) => snapshots.has(step),
    writeOf: writesIn(implementations.map(({ step }) => step)),
  });
}

export interface Asked {
  readonly spec: EvaluationSpec;
  readonly plans: readonly Plan[];
  /** Default: no limit. */
  readonly budgetUsd?: number;
}

let asked = 0;

/** The evaluation as a client writes it down. */
export async function create({ store }: Pick<Place, 'store'>, { spec, plans, budgetUsd }: Asked): Promise<string> {
  for (const [place, plan] of plans.entries()) await store.plans.put(spec.variants[place]!.planId, plan);
  const evaluationId = `eval-${spec.name}-${asked++}`;
  await store.evaluations.create({ evaluationId, spec, budgetUsd: budgetUsd ?? null, startedBy: 'test' });
  return evaluationId;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly acceptChanged?: boolean;
  /** Chunks; default: as many as one worker takes. */
  readonly atOnce?: number;
}

const CHUNKS_AT_ONCE = 4;

/** Begins it, evaluates its chunks, a few at once, until one is out of budget, and ends it: as the workflow does. */
export async function run(
  worker: EvaluationWorker,
  evaluationId: string,
  { signal = new AbortController().signal, acceptChanged = false, atOnce = CHUNKS_AT_ONCE }: RunOptions = {},
): Promise<{ readonly row: EvaluationRow; readonly tally: ChunkResult }> {
  const { store } = worker;
  let tally = emptyTally();
  const begun = await beginEvaluation(worker, { evaluationId, acceptChanged });
  let next = 0;
  const lane = async () => {
    while (next < begun.chunks && !tally.isOutOfBudget) {
      const result = await evaluateChunk(worker, { evaluationId, chunk: next++, of: begun.chunks }, signal);
      tally = addTallies(tally, result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await endEvaluation(store, { evaluationId, how: tally.isOutOfBudget ? 'stopped' : 'done', error: null });
  return { row: await store.evaluations.get(evaluationId), tally };
}

export const rowsOf = ({ store }: Pick<Place, 'store'>, evaluationId: string): Promise<ResultRow[]> =>
  Array.fromAsync(store.evaluations.eachResult(evaluationId));

export async function putExamples({ store }: Pick<Place, 'store'>, examples: readonly Example[]): Promise<string> {
  return (await store.datasets.put('texts', examples, 'test')).version.version;
}
