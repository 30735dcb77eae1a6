/** How far reviewers say the same beyond chance, field by field, in words first. */

import { DASH, showPercent, showWhole } from '../../../src/base/format.ts';
import type { FieldAgreement, ReviewReport } from '../../../src/model/review-queue.ts';
import { type Column, Rows } from '../../parts/rows.tsx';
import { inWords } from './form.ts';

const DECIMALS = 2;
/** Plus zero, as what rounds to nothing from below is nothing. */
const coefficient = (value: number | null): string =>
  value === null ? DASH : (Number(value.toFixed(DECIMALS)) + 0).toFixed(DECIMALS);

const COLUMNS: readonly Column<FieldAgreement>[] = [
  { id: 'field', heading: 'Field', cell: ({ field }) => (field === 'win' ? 'Which is better' : inWords(field)) },
  { id: 'words', heading: 'Agreement', wraps: true, cell: ({ words }) => words },
  {
    id: 'same',
    heading: 'Say the same',
    isNumber: true,
    cell: ({ same, shared }) =>
      shared === 0 ? DASH : `${showWhole(same)} of ${showWhole(shared)} (${showPercent(same / shared)})`,
  },
  { id: 'kappa', heading: 'Cohen’s kappa', isNumber: true, cell: ({ kappa }) => coefficient(kappa) },
  { id: 'alpha', heading: 'Krippendorff’s alpha', isNumber: true, cell: ({ alpha }) => coefficient(alpha) },
  { id: 'by', heading: 'Between', wraps: true, cell: ({ reviewers }) => reviewers.join(', ') || DASH },
];

export function Agreement({ report: { queue, agreement } }: { readonly report: ReviewReport }) {
  return (
    <section className="card" aria-labelledby="agreement-title">
      <h2 id="agreement-title">Agreement</h2>
      {queue.reviewers < 2 ? (
        <p className="muted">One person reviews each item: there is nobody to agree with.</p>
      ) : (
        <>
          <Rows rows={agreement} columns={COLUMNS} keyOf={({ field }) => field} caption="Agreement by field" />
          <p className="muted">
            Kappa and alpha are 1 where reviewers always say the same, and 0 where they do so no more often than if they
            guessed; kappa is of two people who reviewed the same items, alpha of any number, with gaps. Decisions do
            not count.
          </p>
        </>
      )}
    </section>
  );
}
