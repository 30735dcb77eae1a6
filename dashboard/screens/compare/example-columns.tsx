/** What the table of examples shows of each. */

import { showDifference, showValue } from '../../../src/evaluation/report/values.ts';
import type { Column } from '../../parts/rows.tsx';
import type { Filter, Sort } from './example-filter.ts';
import type { Looked, Pairs } from './example-pairs.ts';
import { outcomeWord, reasonWords } from './example-pairs.ts';

export function exampleColumns(
  { page, metric, side }: Looked,
  pairs: Pairs,
  filter: Filter,
  onSort: (sort: Sort) => void,
): readonly Column<number>[] {
  const { format } = page.metrics[metric]!;
  const headed = (id: Sort, name: string): Pick<Column<number>, 'id' | 'heading' | 'sort'> => ({
    id,
    heading: (
      <button type="button" className="heading" onClick={() => onSort(id)}>
        {name}
        {filter.sort === id && (filter.isReversed ? ' ↓' : ' ↑')}
      </button>
    ),
    ...(filter.sort === id && { sort: filter.isReversed ? ('descending' as const) : ('ascending' as const) }),
  });
  return [
    {
      ...headed('regression', 'Outcome'),
      cell: (of) => {
        const reasons = reasonWords(page, metric, side, of);
        return (
          <span title={reasons}>
            {outcomeWord(pairs.outcome[of]!)} {reasons && <span className="muted outcome-reasons">{reasons}</span>}
          </span>
        );
      },
    },
    { ...headed('baseline', page.sides[0]!), isNumber: true, cell: (of) => showValue(pairs.first[of]!, format) },
    { ...headed('variant', page.sides[side]!), isNumber: true, cell: (of) => showValue(pairs.second[of]!, format) },
    {
      ...headed('difference', 'Difference'),
      isNumber: true,
      cell: (of) => showDifference(pairs.difference[of]!, format),
    },
    {
      ...headed('example', 'Example'),
      cell: (of) => (
        <span title={page.ids[of]}>
          {page.questions[of] || page.ids[of]}{' '}
          <span className="muted">{page.tagsOf[of]!.map((tag) => page.tags[tag]).join(' · ')}</span>
        </span>
      ),
    },
  ];
}
