/** Cells of human scorers: nobody is asked while an evaluation runs, so they are filled when it is looked at. */
import type { Cell, ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationSpec } from '../../model/evaluation-spec.ts';
import { meanOf, type Ratings, votesOf } from './ratings.ts';

/**
 * The rows with what people have said since: of each field the mean over raters, of truth values the share of those who
 * said yes. Cells that nobody has labelled stay missing.
 */
export function withLabels<Row extends Pick<ResultRow, 'cells'>>(
  spec: Pick<EvaluationSpec, 'scorers'>,
  rows: readonly Row[],
  ratings: Ratings,
): readonly Row[] {
  const fill = labelFiller(spec, ratings);
  return rows.map(fill);
}

/** The same for rows that come one by one. */
export function labelFiller(
  { scorers }: Pick<EvaluationSpec, 'scorers'>,
  ratings: Ratings,
): <Row extends Pick<ResultRow, 'cells'>>(row: Row) => Row {
  const human = scorers.filter(({ id, kind }) => kind === 'human' && ratings.has(id));
  return (row) => {
    const filled = human.flatMap(({ id, fields }): [string, Cell][] => {
      const cell = row.cells[id];
      if (cell?.state !== 'missing' || cell.subject === undefined) return [];
      const labels = ratings.get(id)!.get(cell.subject);
      const scores = Object.keys(fields).flatMap((field): [string, number][] => {
        const votes = votesOf(labels, field);
        return votes.length === 0 ? [] : [[field, meanOf(votes)]];
      });
      if (scores.length === 0) return [];
      const detail = { raters: labels!.filter(({ isFinal }) => !isFinal).length };
      return [[id, { state: 'done', score: Object.fromEntries(scores), subject: cell.subject, detail }]];
    });
    return filled.length === 0 ? row : { ...row, cells: { ...row.cells, ...Object.fromEntries(filled) } };
  };
}
