/** The store's suite: what must hold on the embedded database and on a server alike, with two client processes. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { describeBuilds } from './suite-builds.ts';
import { describeCalls } from './suite-calls.ts';
import { describeContent } from './suite-content.ts';
import { describeCoordination } from './suite-coordination.ts';
import { describeDatasets } from './suite-datasets.ts';
import { describeDeployments } from './suite-deployments.ts';
import { describeEvaluationBudget } from './suite-evaluation-budget.ts';
import { describeEvaluations } from './suite-evaluations.ts';
import { describeExperiments } from './suite-experiments.ts';
import { describeFeedback } from './suite-feedback.ts';
import { describeLabels } from './suite-labels.ts';
import { describeLedger } from './suite-ledger.ts';
import { describeMemo } from './suite-memo.ts';
import { describeMonitors } from './suite-monitors.ts';
import { describeOutcomes } from './suite-outcomes.ts';
import { describePlans } from './suite-plans.ts';
import { describeProcesses } from './suite-processes.ts';
import { describePrune } from './suite-prune.ts';
import { describeQueries } from './suite-queries.ts';
import { describeRateLimits } from './suite-rate-limits.ts';
import { describeReruns } from './suite-reruns.ts';
import { describeResults } from './suite-results.ts';
import { describeReviews } from './suite-reviews.ts';
import { describeRunSearch } from './suite-run-search.ts';
import { describeRuns } from './suite-runs.ts';
import { describeSearch } from './suite-search.ts';
import { describeSnapshots } from './suite-snapshots.ts';
import { describeTerms } from './suite-terms.ts';
import { describeTraces } from './suite-traces.ts';
import { describeTraffic } from './suite-traffic.ts';
import { describeVectors } from './suite-vectors.ts';
import { describeVitals } from './suite-vitals.ts';

/** Filled before the tests run; `at` is the time by the store's clock, which tests set. */
export interface Subject {
  url: string;
  database: Database;
  store: Store;
  at: number;
}

export function describeStore(name: string, start: () => Promise<TestDatabase>): void {
  describe(name, () => {
    const subject = { at: Date.UTC(2026, 0, 1) } as Subject;
    let running: TestDatabase | undefined;
    beforeAll(async () => {
      running = await start();
      subject.url = running.url;
      subject.database = openDatabase(running.url);
      await migrate(subject.database);
      subject.store = createStore(subject.database, { clock: () => subject.at });
    });
    afterAll(async () => {
      await subject.database?.close();
      await running?.stop();
    });
    describePlans(subject);
    describeRuns(subject);
    describeRunSearch(subject);
    describeCalls(subject);
    describeRateLimits(subject);
    describeCoordination(subject);
    describeBuilds(subject);
    describeSnapshots(subject);
    describeSearch(subject);
    describeTerms(subject);
    describeVectors(subject);
    describePrune(subject);
    describeDatasets(subject);
    describeMemo(subject);
    describeEvaluations(subject);
    describeResults(subject);
    describeLabels(subject);
    describeReviews(subject);
    describeEvaluationBudget(subject);
    describeReruns(subject);
    describeTraces(subject);
    describeContent(subject);
    describeDeployments(subject);
    describeExperiments(subject);
    describeLedger(subject);
    describeFeedback(subject);
    describeOutcomes(subject);
    describeMonitors(subject);
    describeTraffic(subject);
    describeVitals(subject);
    describeQueries(subject);
    describeProcesses(subject);
  });
}
