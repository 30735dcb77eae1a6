/** What an interim analysis reads from the store and writes to the ledger: data only. */
import type { Decision, GateReason, GateVerdict } from '../stats/gate.ts';
import type { AnalysisRow } from '../stats/interim-analysis.ts';
import type { Phase } from './experiment-messages.ts';

/**
 * Sums over the matured units of one metric, stage and arm, in millionths, exact, as decimal text: v is a unit's value (of
 * `rate` 0 or 1 million), d a ratio's denominator. Units without a value are not among them.
 */
export interface MetricCell {
  /** Index in the spec. */
  readonly metric: number;
  readonly stage: number;
  /** Index in the spec, the baseline 0. */
  readonly arm: number;
  readonly n: number;
  readonly v: string;
  readonly vv: string;
  readonly d: string;
  readonly dd: string;
  readonly vd: string;
  /** Units whose value was cut to the cap. */
  readonly capped: number;
  /** Of `quantile`: the values at the ranks that its interval needs, in millionths; null for other kinds. */
  readonly quantile: { readonly estimate: number; readonly lo: number | null; readonly hi: number | null } | null;
}

export interface UnitCount {
  readonly stage: number;
  readonly arm: number;
  readonly n: number;
}

/** Units that were assigned, and how many of them were exposed by the end of their first run. */
export interface AssignedCount extends UnitCount {
  readonly exposed: number;
}

/** Exposed units whose window of this length is over. */
export interface MaturedCount extends UnitCount {
  readonly windowMs: number;
}

/** Events (feedback, scores) of matured units; keys without any are left out. */
export interface ArrivalCount {
  /** Index in the spec, of a metric whose data are events. */
  readonly metric: number;
  readonly stage: number;
  readonly arm: number;
  /** Runs with an event that came in time and counts. */
  readonly events: number;
  /** Deliveries about runs of the unit's window that came after it. */
  readonly late: number;
}

export interface BreakerCount {
  readonly arm: number;
  /** From 1; each as long as the spec says. */
  readonly window: number;
  readonly requests: number;
  readonly failures: number;
}

/** Lists are sorted by their keys in the order they are declared in, so that equal data is equal JSON. */
export interface AnalysisData {
  /** Milliseconds since the epoch, as all times. Units that matured up to it are in. */
  readonly watermark: number;
  readonly startedAt: number;
  /** The first stage that is analysed: 1, and in a rollout its first stage. */
  readonly fromStage: number;
  readonly exposed: readonly UnitCount[];
  readonly matured: readonly MaturedCount[];
  /** Absent in analyses of method version 1. */
  readonly assigned?: readonly AssignedCount[];
  readonly cells: readonly MetricCell[];
  readonly breaker: readonly BreakerCount[];
  /** Absent in analyses of method version 1, and if no event was received. */
  readonly arrivals?: readonly ArrivalCount[];
  readonly counts: {
    /** Units that were seen in two arms, and units with an override. */
    readonly twoArms: number;
    readonly overridden: number;
    /**
     * Deliveries: all, those about runs of the window that were received after their unit matured, and those that happened
     * outside its window.
     */
    readonly outcomes: number;
    readonly late: number;
    readonly outside: number;
  };
  /** Variants that were stopped before, by index: they are no longer served, tested or expected. */
  readonly stopped: readonly number[];
}

/** One interim analysis in the ledger: the decision and all of its inputs. */
export interface AnalysisRecord {
  readonly lookNo: number;
  readonly phase: Phase;
  readonly at: number;
  readonly data: AnalysisData;
  /** A row per metric and variant. */
  readonly rows: readonly AnalysisRow[];
  readonly srm: readonly SrmRow[];
  /** Absent in analyses of method version 1; null without assigned units. */
  readonly exposure?: ExposureRates | null;
  /** Per arm and metric, whether the events have arrived; absent in analyses of method version 1. */
  readonly arrivals?: readonly ArrivalRow[];
  readonly verdicts: readonly ArmVerdict[];
  /**
   * Variants that this analysis stops: those that do harm, with `rollback` the last of them, and with `promote` all others.
   */
  readonly stops: readonly number[];
  readonly decision: Decision;
  readonly reason: GateReason;
  /** The variant that the decision is about, by index; null where it is about none. */
  readonly arm: number | null;
  /** Days until a decision at this pace; null: not known. */
  readonly daysLeft: number | null;
  readonly settingsHash: string;
  /** Of the library. */
  readonly version: string;
  /** The version of the method that decided; absent in analyses of version 1. */
  readonly methodVersion?: number;
}

/** A sample ratio: of exposed units, or of units with a recorded value of one metric. */
export interface SrmRow {
  readonly of: 'exposed' | 'recorded';
  /** Of `recorded`. */
  readonly metric: number | null;
  /** Of the arms that are not stopped, the baseline first; their weights sum to 1. */
  readonly counts: readonly number[];
  readonly weights: readonly number[];
  /** Of the sequential test, valid at every interim analysis. */
  readonly p: number;
  /**
   * Of the chi-square test, valid at the look that decides; null where there are too few units for it. Absent in looks of
   * method version 1.
   */
  readonly chiSquareP?: number | null;
}

/** Of the assigned units of each arm, how many were exposed. */
export interface ExposureRates {
  /** Of the arms that are not stopped, the baseline first. */
  readonly assigned: readonly number[];
  readonly exposed: readonly number[];
  /** Of one rate in all arms. */
  readonly p: number;
}

/** How the events of one metric arrived in one arm, the baseline included. */
export interface ArrivalRow {
  /** Index in the spec. */
  readonly metric: number;
  readonly arm: number;
  /** Units whose window is over, and those of them without an event in time. */
  readonly matured: number;
  readonly silent: number;
  readonly events: number;
  readonly late: number;
  /** `late`: more than the share that may be. `none`: no event in time at all. */
  readonly status: 'arrived' | 'late' | 'none';
  /**
   * Always-valid p of the hypothesis that the share of units with feedback is that of the baseline; null for the baseline, for
   * scores, for further metrics of the same feedback, and before the burn-in.
   */
  readonly rateP: number | null;
  /** Whether `rateP` is below the level of the warning. */
  readonly isUneven: boolean;
}

export interface ArmVerdict extends GateVerdict {
  readonly arm: number;
}
