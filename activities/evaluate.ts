/**
 * What the evaluate workflow asks of its worker: begin an evaluation, evaluate a chunk of it, end it. A chunk may be
 * repeated after a crash: what was stored is not done again, and calls that were made are in the memo.
 */
import type { Implemented } from '../src/boundary/implement.ts';
import { stepName, writesIn } from '../src/dsl/step.ts';
import { createMakeAttempt } from '../src/evaluation/attempts.ts';
import { beginEvaluation, endEvaluation } from '../src/evaluation/begin.ts';
import { evaluateChunk } from '../src/evaluation/chunk/evaluate-chunk.ts';
import { digestsOf } from '../src/evaluation/digest/digest.ts';
import { createEvaluationWorker } from '../src/evaluation/evaluation-worker.ts';
import { drain, type RerunWorker } from '../src/experiment/rerun/play-rerun.ts';
import { createScoreExperiment, type ScoreRunsOptions } from '../src/experiment/score-runs.ts';
import type { EvaluateActivities } from '../src/model/evaluate-messages.ts';
import type { ExperimentActivities, ScoringActivities } from '../src/model/experiment-messages.ts';
import type { MonitorActivities } from '../src/model/monitor-spec.ts';
import type { RerunActivities } from '../src/model/rerun-spec.ts';
import { type MonitorWorker, scoreMonitor } from '../src/monitor/score-monitor.ts';
import { type AlertAddress, sendAlert } from '../src/monitor/send-alert.ts';
import type { Redaction } from '../src/redaction/redaction.ts';
import type { Payloads } from '../src/store/claims.ts';
import type { Store } from '../src/store/store.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';

export interface EvaluateDependencies {
  readonly store: Store;
  readonly implementations: readonly Implemented[];
  /** Calls that this process makes at once, over all chunks. */
  readonly concurrency: number;
  /** The webhook for monitors' alerts; absent: none. */
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
  digests.catch(() => undefined); // the evaluation that awaits it gets the error
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

/** What the workflow of monitors asks of its worker. */
export interface MonitorDependencies extends Omit<MonitorWorker, 'sendsAlerts'> {
  readonly store: Pick<Store, 'monitors' | 'runs'>;
  /** The webhook for alerts; absent: none. */
  readonly alerts?: AlertAddress | undefined;
}

function createMonitorActivities({ alerts, ...worker }: MonitorDependencies): MonitorActivities {
  const { monitors } = worker.store;
  const sendsAlerts = alerts !== undefined;
  return {
    scoreMonitor: (input) => asActivity(BEAT_MS, (signal) => scoreMonitor({ ...worker, sendsAlerts }, input, signal)),
    tellAlert: (alert) =>
      asActivity(BEAT_MS, async () => {
        if (alerts !== undefined) await sendAlert(worker.store, alerts, alert);
      }),
    giveUpAlert: ({ monitorId, alertNo, error: { code, message } }) =>
      asActivity(BEAT_MS, () => monitors.endDelivery(monitorId, alertNo, { code, message })),
    endMonitor: ({ monitorId, starts }) =>
      asActivity(BEAT_MS, async () => {
        const row = await monitors.get(monitorId);
        // Another start of it is somebody else's.
        if (row.starts === starts)
          await monitors.stop(monitorId, { by: 'temporal', why: 'its workflow was cancelled' });
      }),
  };
}

/** What the workflow of backtests and shadows asks of its worker. */
function createRerunActivities(worker: RerunWorker): RerunActivities {
  const { reruns } = worker.store;
  return {
    rerunRuns: (lane) => asActivity(BEAT_MS, (signal) => drain(worker, lane, signal)),
    endRerun: ({ rerunId, how, error }) =>
      asActivity(BEAT_MS, async () => {
        await reruns.end(rerunId, how, error && { code: error.code, message: error.message });
      }),
  };
}

/** Scores sampled runs of an experiment until it is cancelled. One that is repeated after a crash goes on where it was. */
function createScoreRuns(options: ScoreRunsOptions): ExperimentActivities['scoreRuns'] {
  const score = createScoreExperiment(options);
  return ({ experimentId }) =>
    asActivity(BEAT_MS, async (signal) => {
      const scored = await score(experimentId, signal);
      signal.throwIfAborted();
      return scored;
    });
}
