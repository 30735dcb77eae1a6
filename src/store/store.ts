/** The store: what Sluice remembers, one family of functions per kind of thing, over one database. */
import { type ApiKeys, createApiKeys, createSessions, type Sessions } from './api-keys.ts';
import type { Clock } from './bound.ts';
import { withClock } from './bound.ts';
import { type Builds, createBuilds } from './builds.ts';
import { type Catalogue, createCatalogue, createPlans, type Plans } from './catalogue.ts';
import { createPayloads, type Payloads } from './claims.ts';
import { type Content, createContent } from './content.ts';
import type { Database } from './database.ts';
import { createDatasets, type Datasets } from './datasets.ts';
import { createDeployments, type Deployments } from './deployments.ts';
import { createEvaluations, type Evaluations } from './evaluations.ts';
import { createExperiments, type Experiments } from './experiments.ts';
import { createFeedback, type FeedbackTable } from './feedback.ts';
import { createIndexes, type Indexes } from './indexes.ts';
import { createSearch, type Search } from './keyword-search.ts';
import { createLeases, type Leases } from './leases.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createMeasures, type Measures } from './measures.ts';
import { createMemoTable, type MemoTable } from './memo.ts';
import { createMonitors, type Monitors } from './monitors.ts';
import { createOutcomes, type Outcomes } from './outcomes.ts';
import { createProviderCalls, type ProviderCalls } from './provider-calls.ts';
import { type PruneOptions, type PruneOutcome, pruneIndex } from './prune.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { createReruns, type Reruns } from './reruns.ts';
import { createReviews, type Reviews } from './reviews.ts';
import { createRunSearch, type RunSearches } from './run-search.ts';
import { createRuns, type Runs } from './runs.ts';
import { createScoreTasks, type ScoreTasks } from './score-tasks.ts';
import { createTraceExports, createTraces, type TraceExports, type Traces } from './traces.ts';
import { createTraffic, type TrafficTable } from './traffic.ts';
import { createVectorSearch, type VectorSearch } from './vector-search.ts';
import { createVectors, SCANNED_VECTORS, type Vectors } from './vectors.ts';
import { createViews, type Views } from './views.ts';
import { createVitals, type Vitals } from './vitals.ts';

export interface Store {
  readonly apiKeys: ApiKeys;
  readonly sessions: Sessions;
  readonly plans: Plans;
  readonly payloads: Payloads;
  /** The same ones; what is put by this outlasts the content of runs. */
  readonly keptPayloads: Payloads;
  readonly content: Content;
  readonly runs: Runs;
  readonly runSearch: RunSearches;
  readonly calls: ProviderCalls;
  readonly rateLimits: RateLimits;
  readonly catalogue: Catalogue;
  readonly leases: Leases;
  readonly indexes: Indexes;
  readonly builds: Builds;
  readonly search: Search;
  readonly vectors: Vectors;
  readonly vectorSearch: VectorSearch;
  readonly datasets: Datasets;
  readonly memo: MemoTable;
  readonly evaluations: Evaluations;
  readonly deployments: Deployments;
  readonly experiments: Experiments;
  readonly outcomes: Outcomes;
  readonly scoreTasks: ScoreTasks;
  readonly ledger: Ledger;
  readonly feedback: FeedbackTable;
  readonly reruns: Reruns;
  readonly monitors: Monitors;
  readonly reviews: Reviews;
  readonly traffic: TrafficTable;
  readonly views: Views;
  readonly vitals: Vitals;
  readonly measures: Measures;
  readonly traces: Traces;
  readonly traceExports: TraceExports;
  /** Removes old snapshots of an index, and what only they show. @throws SluiceError `index_unknown` */
  pruneIndex(index: string, options: PruneOptions): Promise<PruneOutcome>;
}

export interface StoreOptions {
  /** The clock of expiries; default: the database's. */
  readonly clock?: Clock;
  /** Up to so many vectors of an index are searched one by one, without a graph; default 20,000. */
  readonly scannedVectors?: number;
}

/** The store over a migrated database, which stays the caller's to close. */
export function createStore(untimed: Database, { clock, scannedVectors = SCANNED_VECTORS }: StoreOptions = {}): Store {
  const database = withClock(untimed, clock);
  const indexes = createIndexes(database);
  return Object.freeze({
    apiKeys: createApiKeys(database),
    sessions: createSessions(database),
    plans: createPlans(database),
    payloads: createPayloads(database),
    keptPayloads: createPayloads(database, { isKept: true }),
    content: createContent(database),
    runSearch: createRunSearch(database),
    runs: createRuns(database),
    calls: createProviderCalls(database),
    rateLimits: createRateLimits(database),
    catalogue: createCatalogue(database),
    leases: createLeases(database),
    indexes,
    builds: createBuilds(database),
    search: createSearch(database),
    vectors: createVectors(database, scannedVectors),
    vectorSearch: createVectorSearch(database, scannedVectors),
    datasets: createDatasets(database),
    memo: createMemoTable(database),
    evaluations: createEvaluations(database),
    deployments: createDeployments(database),
    experiments: createExperiments(database),
    outcomes: createOutcomes(database),
    scoreTasks: createScoreTasks(database),
    ledger: createLedger(database),
    feedback: createFeedback(database),
    reruns: createReruns(database),
    monitors: createMonitors(database),
    reviews: createReviews(database),
    traffic: createTraffic(database),
    views: createViews(database),
    vitals: createVitals(database),
    measures: createMeasures(database),
    traces: createTraces(database),
    traceExports: createTraceExports(database),
    pruneIndex: (index: string, options: PruneOptions) => pruneIndex(database, indexes, index, options),
  });
}
