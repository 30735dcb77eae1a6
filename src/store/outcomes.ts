/**
 * Exposures and outcomes: whom an experiment met, and what came of it. Every delivery is kept; a unit's sums are made anew
 * from its deliveries whenever one comes, so neither the order nor repetition of deliveries changes them, and they are fixed
 * when the unit has matured.
 */

import type { OnlineMetric } from '../model/experiment-spec.ts';
import type { BreakerCount, LookData } from '../model/look-data.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { expose } from './outcomes-expose.ts';
import { lookAt } from './outcomes-look.ts';
import { putOutcomes } from './outcomes-put.ts';
import { noteUnexposed } from './outcomes-unexposed.ts';

export interface NewExposure {
  readonly experiment: string;
  readonly unit: string;
  /** Index in the spec. */
  readonly arm: number;
  readonly stage: number;
  readonly probability: number;
  readonly runId: string;
  readonly excluded?: 'override';
  /** Default: the database's time. */
  readonly at?: number;
}

/** A unit that is assigned to an arm, of which a run ended without exposing it. */
export interface NewUnexposed extends Pick<NewExposure, 'experiment' | 'unit' | 'arm' | 'stage'> {
  /** Default: the database's time. */
  readonly at?: number;
}

export interface NewOutcome {
  readonly experiment: string;
  readonly unit: string;
  /** The arm of the run, for the breaker: index in the spec. */
  readonly arm: number;
  /** Index in the spec. */
  readonly metric: number;
  readonly runId: string;
  /** The same delivery has the same id. */
  readonly deliveryId: string;
  /** Whole millionths, at most 10^15; `d` is a ratio's denominator. Of a share, 0 or a million: whether it is above. */
  readonly v: number;
  readonly d?: number;
  readonly at: number;
  /** Default: the database's time. */
  readonly receivedAt?: number;
}

export interface Outcomes {
  /** First exposures win; a unit seen in another arm is excluded. What came before its exposure is counted with it now. */
  expose(exposures: readonly NewExposure[]): Promise<void>;
  /** Keeps those that are not exposed by now: what looks compare exposed units with. */
  noteUnexposed(units: readonly NewUnexposed[]): Promise<void>;
  /**
   * Stores deliveries and sums them up. Outcomes of units that are not exposed (yet) are kept. `breaker` is of the arms that
   * had a failed run among these, their current window.
   *
   * @param experiments of those that the outcomes are of, by id
   * @throws SluiceError `outcome_invalid` for a value that is none, or of no metric: none of them is kept then
   */
  put(
    outcomes: readonly NewOutcome[],
    experiments: ReadonlyMap<string, OutcomeSettings>,
  ): Promise<readonly (BreakerCount & { readonly experiment: string })[]>;
  /**
   * Moves the experiment's watermark to `watermark` (never back), and sums up what has matured by then. Units exposed after
   * it are not counted yet; deliveries are those to matured units; of the breaker's windows those in which a run failed,
   * the newest 100 of each arm, and its newest.
   *
   * @param fromStage units exposed in earlier stages are left out
   */
  look(experimentId: string, request: LookRequest): Promise<LookData>;
  /** Those that are analysed, by when they were exposed: not needed for decisions. */
  exposedUnits(experimentId: string): Promise<readonly { readonly unit: string; readonly arm: number }[]>;
}

export interface OutcomeSettings {
  readonly metrics: readonly OnlineMetric[];
  /** Index of the metric whose outcomes the breaker counts. */
  readonly failed: number;
  readonly breakerWindowMs: number;
  readonly startedAt: number;
}

export interface LookRequest extends OutcomeSettings {
  readonly watermark: number;
  /** The watermark is moved no nearer to the database's time than this; absent: to wherever the caller says. */
  readonly graceMs?: number;
  readonly fromStage: number;
  /** Indexes of variants that were stopped before. */
  readonly stopped: readonly number[];
  readonly arms: number;
}

export function createOutcomes(database: Database, clock?: Clock): Outcomes {
  return Object.freeze({
    expose: (exposures) => expose(database, exposures, nowParam(clock)),
    noteUnexposed: (units) => noteUnexposed(database, units, nowParam(clock)),
    put: (outcomes, experiments) => putOutcomes(database, outcomes, experiments, nowParam(clock)),
    look: (experimentId, request) => lookAt(database, experimentId, request, nowParam(clock)),
    exposedUnits: (experimentId) =>
      database.query<{ unit: string; arm: number }>(
        `select unit, arm from exposure where experiment_id = $1 and excluded is null order by exposed_at, unit`,
        [experimentId],
      ),
  } satisfies Outcomes);
}
