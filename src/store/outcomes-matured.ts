/** The units that a look is of. */
import type { MetricCell } from '../model/look-data.ts';

export interface LookAt {
  readonly experimentId: string;
  readonly watermark: number;
  readonly fromStage: number;
}

/** SQL: units that have matured; their parameters come first. Excluded units have no rows. */
export const maturedAt = ({ fromStage }: LookAt): string =>
  `unit_metric where experiment_id = $1 and matures_at <= $2 and ${fromStage > 1 ? 'stage >= $3' : '$3::int <= 1'}`;

export const maturedParams = ({ experimentId, watermark, fromStage }: LookAt): readonly unknown[] => [
  experimentId,
  new Date(watermark),
  fromStage,
];

/**
 * SQL: the columns that `unit_metric.cell` is made of. It is grouped by and sorted in half the time that three columns take,
 * and in the same order.
 */
export const CELL = 'cell / 1048576 as metric, cell / 256 % 4096 as stage, cell % 256 as arm';

/** As the database makes it (migration 0012). */
export const cellNumber = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): number =>
  metric * 1_048_576 + stage * 256 + arm;

export const cellKey = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): string =>
  `${metric}/${stage}/${arm}`;
