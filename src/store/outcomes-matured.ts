/** The units that a look is of. */
import type { MetricCell } from '../experiment/look-data.ts';

export interface LookAt {
  readonly experimentId: string;
  readonly watermark: number;
  readonly fromStage: number;
}

/** SQL: units that have matured; their parameters come first. Excluded units have no rows. */
export const MATURED = 'unit_metric where experiment_id = $1 and matures_at <= $2 and stage >= $3';

export const maturedParams = ({ experimentId, watermark, fromStage }: LookAt): readonly unknown[] => [
  experimentId,
  new Date(watermark),
  fromStage,
];

export const cellKey = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): string =>
  `${metric}/${stage}/${arm}`;
