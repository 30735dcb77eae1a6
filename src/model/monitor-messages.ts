/** What crosses the line between the workflow of monitors and everything else. Types and names only. */
import type { FailureData } from './run-messages.ts';

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
  /** Numbers of alerts that somebody is being told of already. */
  readonly telling: readonly number[];
}

export interface MonitorTurn {
  /** It was stopped, or started again. */
  readonly isOver: boolean;
  /** Numbers of alerts that somebody is to be told of. */
  readonly alerts: readonly number[];
}

export interface MonitorAlert {
  readonly monitorId: string;
  readonly alertNo: number;
}

export interface MonitorActivities {
  /** Scores runs as they come, and watches what they come to, for a while. May be repeated after a crash. */
  scoreMonitor(input: MonitorTurnInput): Promise<MonitorTurn>;
  /** Tells whoever is to be told. */
  tellAlert(alert: MonitorAlert): Promise<void>;
  /** Writes that nobody could be told, and why. */
  giveUpAlert(alert: MonitorAlert & { readonly error: FailureData }): Promise<void>;
  /** Stops it, where it is still this start that runs. */
  endMonitor(input: Omit<MonitorTurnInput, 'telling'>): Promise<void>;
}
