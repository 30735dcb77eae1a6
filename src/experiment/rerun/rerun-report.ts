/**
 * What a backtest or a shadow has found: runs are the examples of a comparison, what was served is its baseline. Runs of one
 * unit are not independent of each other, and count as a cluster.
 */

import { labelsFor } from '../../evaluation/calibration/for-comparison.ts';
import { createLabelled, loadRatings } from '../../evaluation/calibration/labelled.ts';
import { compareEvaluations } from '../../evaluation/compare/compare.ts';
import type { ComparisonReport, EvaluationFacts, ExampleInfo } from '../../evaluation/compare/comparison-report.ts';
import { scoreMatrixOf } from '../../evaluation/compare/score-matrix.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import { type EvaluationSpec, SPEC_FORMAT } from '../../model/evaluation-spec.ts';
import type { RerunSide } from '../../model/rerun-spec.ts';
import type { RerunRow, StoredResult } from '../../store/reruns.ts';
import type { Store } from '../../store/store.ts';

/** Sides of the comparison: what was served, and the variant. */
const [SERVED, VARIANT] = [0, 1];

/** Null where no run has come to anything yet. */
export async function rerunReport(
  store: Pick<Store, 'reruns' | 'evaluations'>,
  rerun: RerunRow,
): Promise<ComparisonReport | null> {
  const { rerunId } = rerun;
  const examples: ExampleInfo[] = [];
  const rows: ResultRow[] = [];
  for await (const result of store.reruns.results(rerunId)) {
    const sides = rowsOf(result);
    if (sides.length === 0) continue;
    examples.push({ id: result.runId, hash: '', cluster: result.unit, tags: [] });
    // Their outputs may be large, and no number comes of them.
    rows.push(...sides.map((row) => ({ ...row, output: null })));
  }
  if (examples.length === 0) return null;
  const spec = evaluationSpec(rerun, examples.length);
  const facts: EvaluationFacts = {
    ...{ evaluationId: rerunId, name: rerun.pipeline, spec, pins: null, state: 'completed', examples, locked: null },
  };
  const labelled = createLabelled(facts, await loadRatings(store, spec));
  for (const row of rows) labelled.add(row);
  const matrices = [scoreMatrixOf(facts, rows)];
  const sides = [SERVED, VARIANT].map((variant) => ({ evaluationId: rerunId, variant: variant! }));
  const labels = labelsFor({ matrices, sides, labelled: [labelled] });
  return compareEvaluations({ matrices, sides, comparisons: 1, ...labels });
}

/** As an evaluation would have it: what shows examples shows runs, too. */
export function evaluationSpec({ rerunId, spec }: RerunRow, runs: number): EvaluationSpec {
  const { pipeline, variant, scorers, metrics, alpha } = spec;
  return {
    ...{ format: SPEC_FORMAT, definition: null, name: pipeline, pipeline, scorers, metrics, alpha },
    dataset: { name: 'recorded runs', version: rerunId, split: null, tag: null, examples: runs },
    variants: [
      { name: 'served', planId: '' },
      { name: variant, planId: '' },
    ],
    ...{ repeats: 1, mode: 'compare' },
  };
}

/** Both sides as rows of an evaluation; none of a run that was skipped. */
export function rowsOf({ runId, served, variant }: Pick<StoredResult, 'runId' | 'served' | 'variant'>): ResultRow[] {
  const rowOf = (side: RerunSide, place: number): ResultRow => ({
    ...{ exampleId: runId, variant: place, repeat: 1, calls: [] },
    ...side,
  });
  return served === null || variant === null ? [] : [rowOf(served, SERVED!), rowOf(variant, VARIANT!)];
}
