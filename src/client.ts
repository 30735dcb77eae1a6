/**
 * `sluice/client`: run pipelines from any program, such as a web server. It attaches to servers that run, as the
 * environment names them, or to those of `sluice dev` in the same folder; the steps run in a worker elsewhere.
 */
import type { RunClient } from './client/client.ts';
import type { EvaluationClient } from './client/evaluation-client.ts';
import type { ExperimentClient } from './client/experiment-client.ts';
import type { FeedbackClient } from './client/feedback-client.ts';
import type { IngestClient } from './client/ingest-client.ts';
import type { MonitorClient } from './client/monitor-client.ts';
import type { RerunClient } from './client/rerun-client.ts';
import type { StreamClient } from './client/stream-run.ts';
import { readConfig } from './config/config.ts';
import { connectRuntime } from './host/runtime.ts';

export type { AskOptions, RunClient, Runnable, RunOptions, ServedPipeline, StartedRun } from './client/client.ts';
export type { EvaluationClient, FollowOptions, NewEvaluationRequest } from './client/evaluation-client.ts';
export type {
  ExperimentClient,
  FollowExperimentOptions,
  NewExperimentRequest,
  NewRolloutRequest,
} from './client/experiment-client.ts';
export type { ExperimentStatus } from './client/experiment-status.ts';
export type { FeedbackClient, FeedbackOptions } from './client/feedback-client.ts';
export type { IngestClient, IngestOptions } from './client/ingest-client.ts';
export type { MonitorClient } from './client/monitor-client.ts';
export type { RerunClient, ShadowOptions } from './client/rerun-client.ts';
export type * from './client/run-result.ts';
export type { NodeResult, RunResult } from './client/run-result.ts';
export type { RunStream, StreamClient, StreamOptions } from './client/stream-run.ts';
export type { Feedback } from './model/feedback.ts';
export type { MonitorStatus } from './monitor/window.ts';

export interface ConnectOptions {
  /** Where `sluice dev` was started; default: the working folder. Of no use where servers are configured. */
  readonly folder?: string;
  /** Default: the process's own. Temporal's own variables are read from the process always. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

export interface SluiceClient
  extends RunClient,
    StreamClient,
    IngestClient,
    EvaluationClient,
    ExperimentClient,
    MonitorClient,
    Pick<RerunClient, 'startShadow' | 'stopRerun'>,
    FeedbackClient {
  /** Ends the connections; runs that were started go on. */
  close(): Promise<void>;
}

/**
 * Connects to Temporal and the database, which is migrated where that is still to be done.
 *
 * @example
 * const sluice = await connect();
 * const { runId, output } = await sluice.ask(docsBot, { question: 'How do I stream a response?' }, { unit: user.id });
 * await sluice.feedback(runId, { thumb: 'up' });
 * await sluice.close();
 * @throws SluiceError `nothing_running`, `config_invalid`, `temporal_unreachable`, `database_unreachable`
 */
export async function connect(options: ConnectOptions = {}): Promise<SluiceClient> {
  const { folder = process.cwd(), environment = process.env } = options;
  const { client, stop } = await connectRuntime({ folder, config: readConfig(environment) });
  return Object.freeze({ ...client, close: stop });
}
