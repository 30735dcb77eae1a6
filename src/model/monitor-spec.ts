/**
 * What a monitor is asked to do, as frozen JSON: which runs of a pipeline it meets, how many of them it scores by what, and
 * when what they say is worth an alert. The store keeps it with the monitor: what is edited later is another version.
 */
import type { Wiring } from '../plan/plan.ts';
import type { ScorerSpec } from './evaluation-spec.ts';
import type { FailureData } from './run-messages.ts';

export const MONITOR_FORMAT = 1;

/** A run that was cancelled has no answer to score. */
export const MONITORED_OUTCOMES = ['completed', 'degraded', 'failed'] as const;
export type MonitoredOutcome = (typeof MONITORED_OUTCOMES)[number];

export interface MonitorSpec {
  readonly format: typeof MONITOR_FORMAT;
  /** The id of the `defineMonitor` that it is. */
  readonly name: string;
  readonly pipeline: string;
  /** Its wiring reads `input`, `output`, `run` and nodes. */
  readonly scorer: ScorerSpec;
  /** How each of its fields is summed up: the rate of a boolean, the mean of a number. */
  readonly fields: { readonly [field: string]: 'rate' | 'mean' };
  /** The part of the runs that is scored, above 0 and at most 1. */
  readonly sample: number;
  readonly when: MonitorTarget;
  /** Statistics are of the runs that ended within this long. */
  readonly windowMs: number;
  readonly alert: AlertSettings | null;
  /** What its calls may cost on one day, in UTC; null: no limit. */
  readonly budgetUsdPerDay: number | null;
}

/** Which runs it meets: those to which all of this applies. */
export interface MonitorTarget {
  readonly outcomes: readonly MonitoredOutcome[];
  /** The name of an experiment that they were in, whichever time it was started; null: any, and none. */
  readonly experiment: string | null;
  /** Their arm in it; null: any. */
  readonly arm: string | null;
  /** Of the input: what has to be true; null: nothing. */
  readonly target: Wiring | null;
}

/** Of one field: an alert is what lies wholly beyond this. Exactly one of the two bounds is a number. */
export interface AlertSettings {
  readonly field: string;
  readonly below: number | null;
  readonly above: number | null;
  /** With fewer scores in the window nothing is said. */
  readonly atLeast: number;
}

export const ALERT_STATES = ['unknown', 'ok', 'alerting'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** The author name of monitors' scores among people's feedback; reserved for them. */
export const MONITOR_BY = 'monitor:';

/** Why a sampled run was never asked about. */
export const SKIPPED = {
  budget: 'monitor_budget',
  queue: 'monitor_queue_full',
  stopped: 'monitor_stopped',
} as const;
export type SkipReason = keyof typeof SKIPPED;

/** What crosses the line between the workflow of monitors and everything else. Types and names only. */
export const MONITOR_WORKFLOW = 'monitor';
/** The workflow's id: the monitor's, and how often it was started, as an end may take longer than the next start. */
export const monitorWorkflowId = (monitorId: string, starts: number): string => `monitor-${monitorId}-${starts}`;

export interface MonitorInput {
  readonly monitorId: string;
  /** Which start of it this is: a later one has a workflow of its own. */
  readonly starts: number;
  /** Where scores are made. */
  readonly queue: string;
  /** Turns after which it goes on in a new history; default 300. */
  readonly turnsPerHistory?: number;
}

export interface MonitorTurnInput {
  readonly monitorId: string;
  readonly starts: number;
  /** Numbers of alerts whose delivery has started. */
  readonly telling: readonly number[];
}

export interface MonitorTurn {
  /** It was stopped, or started again. */
  readonly isOver: boolean;
  /** Numbers of alerts to deliver. */
  readonly alerts: readonly number[];
}

export interface MonitorAlert {
  readonly monitorId: string;
  readonly alertNo: number;
}

export interface MonitorActivities {
  /** Scores runs as they come, and watches what they come to, for a while. May be repeated after a crash. */
  scoreMonitor(input: MonitorTurnInput): Promise<MonitorTurn>;
  /** Delivers the alert. */
  tellAlert(alert: MonitorAlert): Promise<void>;
  /** Records a failed delivery and its reason. */
  giveUpAlert(alert: MonitorAlert & { readonly error: FailureData }): Promise<void>;
  /** Stops it, where it is still this start that runs. */
  endMonitor(input: Omit<MonitorTurnInput, 'telling'>): Promise<void>;
}
