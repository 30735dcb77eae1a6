/**
 * What missing scores may hide: how many, why, on which side, and whether they keep a verdict from being given. A repeat
 * that is missing counts, though its example may have others.
 */
import type { EvaluationSpec, MetricSpec } from '../../model/evaluation-spec.ts';
import { MAX_MISSING_SHARE, missingScores } from '../../stats/compare-scores.ts';
import type { Store } from '../../store/store.ts';
import { type CellReasons, COMPARE_LIMITS, type MissingPairs } from './comparison-report.ts';
import { EVEN, isInapplicable, type PairedColumns, type Pairing } from './pairs.ts';
import type { Column, ScoreMatrix } from './score-matrix.ts';

export function missingPairs(whole: Pairing, columns: PairedColumns): MissingPairs {
  const { left, right, metric } = columns;
  // Most often nothing is: then nothing need be looked for.
  if (whole.left.length > 0 && isComplete(right) && (left === null || isComplete(left)))
    return Object.freeze({ ...NOTHING_LACKS, p: left === null ? null : 1, inapplicable: 0, ...ON_NO_SIDE });
  const pairing = applicable(whole, columns);
  const inapplicable = whole.left.length - pairing.left.length;
  const baseline = left === null ? NO_CELLS : missingCells(pairing.baseline, left, pairing.left);
  const variant = missingCells(pairing.side, right, pairing.right);
  if (pairing.left.length === 0) {
    return Object.freeze({ ...NOTHING_LACKS, inapplicable, baseline, variant });
  }
  const { control, treatment } = alongside(pairing, columns);
  const scale = scaleOf(metric, pairing.baseline.facts.spec);
  const found = missingScores(control, treatment, scale ?? rangeOf([...control, ...treatment]));
  // Scores beyond the declared scale give no bounds; missing values are still counted.
  const judged = found.status === 'ok' ? found : missingScores(control.map(presence), treatment.map(presence));
  const { missing: cells, share, p } = judged as { missing: number; share: number; p: number };
  const hasBounds = cells > 0 && scale !== null && found.status === 'ok';
  // A pair's judge gives one score for both sides: neither loses more of them than the other.
  const isOneSided = left === null;
  return Object.freeze({
    cells,
    share,
    p: isOneSided ? null : p,
    blocksVerdict: isOneSided ? share > MAX_MISSING_SHARE : judged.blocksVerdict!,
    bounds: hasBounds ? boundsOf(found.worstDiff, found.bestDiff) : null,
    inapplicable,
    baseline,
    variant,
  });
}

const isComplete = ({ values }: Column): boolean => !values.some(Number.isNaN);

const NOTHING_LACKS = { cells: 0, share: 0, p: null, blocksVerdict: false, bounds: null } as const;

/** Without the examples that have nothing to score. */
function applicable(pairing: Pairing, columns: PairedColumns): Pairing {
  const pairs = [...pairing.left.keys()].filter((pair) => !isInapplicable(pairing, columns, pair));
  if (pairs.length === pairing.left.length) return pairing;
  const among = (examples: readonly number[]) => pairs.map((pair) => examples[pair]!);
  return { ...pairing, left: among(pairing.left), right: among(pairing.right), clusters: null };
}

/** Why missing scores block the verdict, as a clause. */
export function blockedBy({ share, p }: MissingPairs): string {
  const percent = `${Number((100 * share).toPrecision(2))}%`;
  return share > MAX_MISSING_SHARE
    ? `${percent} of the scores are missing, more than ${100 * MAX_MISSING_SHARE}%`
    : `one side lacks more scores than the other (p ${(p ?? 1).toPrecision(1)})`;
}

/** Cells of a column that are missing, among these examples. */
const missingCells = (matrix: ScoreMatrix, column: Column, examples: readonly number[]): CellReasons =>
  countCells(matrix, column, examples, true);

/** Cells that count as the worst since the run failed. */
export const failedCells = (matrix: ScoreMatrix, column: Column, examples: readonly number[]): CellReasons =>
  countCells(matrix, column, examples, false);

export const NO_CELLS: CellReasons = Object.freeze({ cells: 0, reasons: Object.freeze([]) });
const ON_NO_SIDE = { baseline: NO_CELLS, variant: NO_CELLS } as const;

function countCells(matrix: ScoreMatrix, column: Column, examples: readonly number[], isMissing: boolean): CellReasons {
  const { values, reasons, repeats } = column;
  const counts = new Map<number, number>();
  let cells = 0;
  for (const example of examples) {
    for (let at = example * repeats; at < (example + 1) * repeats; at += 1) {
      const reason = reasons[at]!;
      if (reason === 0 || Number.isNaN(values[at]) !== isMissing) continue;
      cells += 1;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  const named = [...counts].map(([place, count]) => Object.freeze({ reason: matrix.reason(place), cells: count }));
  const ranked = named.sort((one, other) => other.cells - one.cells || (one.reason < other.reason ? -1 : 1));
  return Object.freeze({ cells, reasons: Object.freeze(ranked.slice(0, COMPARE_LIMITS.reasonsShown)) });
}

type Scores = (number | null)[];

/** Both sides repeat by repeat; where one has fewer, its repeats come again, each as often as the others. */
function alongside(pairing: Pairing, { left, right }: PairedColumns): { control: Scores; treatment: Scores } {
  const [ours, theirs] = [left?.repeats ?? right.repeats, right.repeats];
  const rounds = ours === theirs ? ours : (ours * theirs) / greatestCommonDivisor(ours, theirs);
  const control: Scores = [];
  const treatment: Scores = [];
  const scoreAt = ({ values, repeats }: Column, example: number, round: number): number | null => {
    const value = values[example * repeats + (round % repeats)]!;
    return Number.isNaN(value) ? null : value;
  };
  for (const [pair, example] of pairing.left.entries()) {
    for (let round = 0; round < rounds; round += 1) {
      control.push(left === null ? EVEN : scoreAt(left, example, round));
      treatment.push(scoreAt(right, pairing.right[pair]!, round));
    }
  }
  return { control, treatment };
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** The ends of a metric's scale, in its direction; null where it has none. */
export function scaleOf(
  { kind, source, better }: MetricSpec,
  { scorers }: Pick<EvaluationSpec, 'scorers'>,
): { readonly worst: number; readonly best: number } | null {
  if (kind !== 'mean') return better === 'higher' ? { worst: 0, best: 1 } : { worst: 1, best: 0 };
  if (source.from === 'run') return null;
  const field = scorers.find(({ id }) => id === source.scorer)?.fields[source.field];
  return field === undefined || field.best === null ? null : { worst: field.worst, best: field.best };
}

/** For counting alone, where there is no scale. */
function rangeOf(scores: Scores): { readonly worst: number; readonly best: number } {
  let [worst, best] = [0, 0];
  for (const score of scores) {
    if (score === null) continue;
    worst = Math.min(worst, score);
    best = Math.max(best, score);
  }
  return { worst, best };
}

const presence = (score: number | null): number | null => (score === null ? null : 0);

const boundsOf = (one: number, other: number) => Object.freeze({ lo: Math.min(one, other), hi: Math.max(one, other) });

export interface MissingReason {
  readonly reason: string;
  /** Whether another try may fill them. */
  readonly resumable: boolean;
  /** The example has nothing to score: see `Cell`. */
  readonly isInapplicable: boolean;
  readonly cells: number;
}

/** The most frequent first. */
export async function missingReasons(
  { evaluations }: Pick<Store, 'evaluations'>,
  evaluationId: string,
): Promise<readonly MissingReason[]> {
  const reasons = new Map<string, MissingReason>();
  for await (const { cells } of evaluations.eachResult(evaluationId, { scoresOnly: true }))
    for (const cell of Object.values(cells)) {
      if (cell.state !== 'missing') continue;
      const { reason, resumable, isInapplicable = false } = cell;
      const key = `${resumable} ${isInapplicable} ${reason}`;
      reasons.set(key, { reason, resumable, isInapplicable, cells: (reasons.get(key)?.cells ?? 0) + 1 });
    }
  return [...reasons.values()].sort((one, other) => other.cells - one.cells || (one.reason < other.reason ? -1 : 1));
}
