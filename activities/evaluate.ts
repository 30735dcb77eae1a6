/**
 * What the evaluate workflow asks of its worker: begin an evaluation, evaluate a chunk of it, end it. A chunk may be
 * repeated after a crash: what was stored is not done again, and calls that were made are in the memo.
 */

import type { Implemented } from '../src/boundary/implement.ts';
import { stepName } from '../src/dsl/step.ts';
import { writesIn } from '../src/dsl/steps.ts';
import { beginEvaluation, endEvaluation } from '../src/evaluation/begin.ts';
import { evaluateChunk } from '../src/evaluation/chunk/evaluate-chunk.ts';
import { digestsOf } from '../src/evaluation/digest/digest.ts';
import { createEvaluationWorker } from '../src/evaluation/evaluation-worker.ts';
import { createMakeAttempt } from '../src/evaluation/memo-boundary.ts';
import type { EvaluateActivities } from '../src/model/evaluate-messages.ts';
import type { ScoringActivities } from '../src/model/experiment-messages.ts';
import type { MonitorActivities } from '../src/model/monitor-messages.ts';
import type { RerunActivities } from '../src/model/rerun-messages.ts';
import type { AlertAddress } from '../src/monitor/send-alert.ts';
import type { Redaction } from '../src/redaction/redaction.ts';
import type { Payloads } from '../src/store/claims.ts';
import type { Store } from '../src/store/store.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';
import { createMonitorActivities } from './monitor.ts';
import { createRerunActivities } from './rerun.ts';
import { createScoreRuns } from './score-runs.ts';

export interface EvaluateDependencies {
  readonly store: Store;
  readonly implementations: readonly Implemented[];
  /** Calls that this process makes at once, over all chunks. */
  readonly concurrency: number;
  /** Who is told of monitors' alerts; absent: nobody. */
  readonly alerts?: AlertAddress | undefined;
  /** Default: off. */
  readonly redaction?: Redaction;
}

/** Chunks of evaluations, sampled runs of experiments and monitors, and runs again: what they call shares the slots of the process. */
export function createEvaluateActivities(
  dependencies: EvaluateDependencies,
): EvaluateActivities & ScoringActivities & RerunActivities & MonitorActivities {
  const { store, implementations, concurrency, redaction } = dependencies;
  const redacting = redaction && { redaction };
  const snapshotSteps = new Set(
    implementations.filter(({ step }) => 'snapshot' in step.config.shape).map(({ step }) => stepName(step)),
  );
  // Now, and not at the first evaluation: sources may be edited while this process runs what it has loaded.
  const digests = digestsOf(implementations);
  digests.catch(() => undefined); // told to whoever evaluates
  const attemptWith = (payloads: Payloads) => createMakeAttempt({ payloads, ...redacting }, implementations);
  const worker = createEvaluationWorker({
    store,
    concurrency,
    ...redacting,
    attempt: attemptWith(store.keptPayloads),
    digests: () => digests,
    takesSnapshot: (step) => snapshotSteps.has(step),
    writeOf: writesIn(implementations.map(({ step }) => step)),
  });
  // What is made of runs has no place in the memo, and goes with them.
  const ofRuns = { ...worker, attempt: attemptWith(store.payloads) };
  return {
    beginEvaluation: (input) => asActivity(BEAT_MS, () => beginEvaluation(worker, input)),
    evaluateChunk: (input) => asActivity(BEAT_MS, (signal) => evaluateChunk(worker, input, signal)),
    endEvaluation: (input) => asActivity(BEAT_MS, () => endEvaluation(store, input)),
    scoreRuns: createScoreRuns(ofRuns),
    ...createRerunActivities(ofRuns),
    ...createMonitorActivities({ ...ofRuns, alerts: dependencies.alerts }),
  };
}
