/** Evaluations as the API gives them. */
import { shortId } from '../../../src/base/format.ts';
import type { MissingReason } from '../../../src/evaluation/compare/missing.ts';
import type { EvaluationProgress } from '../../../src/model/evaluation-result.ts';
import type { EvaluationSpec } from '../../../src/model/evaluation-spec.ts';
import type { EvaluationRow } from '../../../src/store/evaluations.ts';

type Spec = Pick<EvaluationSpec, 'mode' | 'definition' | 'variants' | 'dataset' | 'metrics' | 'repeats'>;

export interface ListedEvaluation extends Spec, Omit<EvaluationRow, 'spec' | 'pins'> {
  readonly progress: EvaluationProgress;
}

export interface ShownEvaluation extends ListedEvaluation {
  readonly missing: readonly MissingReason[];
  readonly scorers: readonly { readonly id: string; readonly kind: string; readonly fields: readonly string[] }[];
  readonly temporalUrl: string;
}

export const isOpen = ({ state }: Pick<ListedEvaluation, 'state'>): boolean =>
  state === 'begun' || state === 'running' || state === 'paused';

export const standingOf = ({ mode, definition }: Pick<ListedEvaluation, 'mode' | 'definition'>): string =>
  mode === 'aa' ? 'A/A' : definition === null ? 'exploratory' : 'pre-registered';

/** `docs-questions@3fa2c1d4, dev`. */
export function datasetWords({ dataset: { name, version, split, tag } }: Pick<ListedEvaluation, 'dataset'>): string {
  const part = [split, tag === null ? null : `tag ${tag}`].filter((each) => each !== null);
  return [`${name}@${shortId(version)}`, ...part].join(', ');
}
