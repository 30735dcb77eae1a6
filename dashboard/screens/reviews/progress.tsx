/** How far a queue is: its items by state, and who has reviewed how many. */

import { showPercent, showWhole } from '../../../src/base/format.ts';
import type { ReviewReport } from '../../../src/model/review-queue.ts';
import { Rows } from '../../parts/rows.tsx';
import { MEANS, STATES } from './words.ts';

export function Progress({ report: { queue, progress } }: { readonly report: ReviewReport }) {
  const { states, items, reviews, asked, byReviewer } = progress;
  const words = STATES.map((state) => `${showWhole(states[state])} ${state}`).join(', ');
  return (
    <section className="card" aria-labelledby="progress-title">
      <div className="bar">
        <h2 id="progress-title">Progress</h2>
        <span className="muted">
          {showWhole(reviews)} of {showWhole(asked)} reviews ({showPercent(asked === 0 ? null : reviews / asked)})
        </span>
      </div>
      <div className="state-bar" role="img" aria-label={`Items by state: ${words}`}>
        {STATES.filter((state) => states[state] > 0).map((state) => (
          <span key={state} className={state} style={{ width: `${(100 * states[state]) / Math.max(1, items)}%` }} />
        ))}
      </div>
      <ul className="state-key">
        {STATES.map((state) => (
          <li key={state} title={MEANS[state]}>
            <span className={`swatch ${state}`} aria-hidden="true" /> {state}{' '}
            <strong>{showWhole(states[state])}</strong>
          </li>
        ))}
      </ul>
      {byReviewer.length === 0 ? (
        <p className="muted">
          Nobody has reviewed anything yet. Reviewers sign in with a key of their own, with the scope feedback alone:{' '}
          <code>sluice keys create NAME --scope feedback</code>. A key that may read shows which variant is which.
        </p>
      ) : (
        <Rows
          rows={byReviewer}
          keyOf={({ reviewer }) => reviewer}
          caption="By reviewer"
          columns={[
            { id: 'who', heading: 'Reviewer', cell: ({ reviewer }) => reviewer },
            {
              id: 'reviews',
              heading: 'Reviewed',
              isNumber: true,
              cell: (each) => (
                <label className="given">
                  {showWhole(each.reviews)} of {showWhole(queue.items)}{' '}
                  <progress value={each.reviews} max={Math.max(1, queue.items)} />
                </label>
              ),
            },
            { id: 'passes', heading: 'Could not judge', isNumber: true, cell: ({ passes }) => showWhole(passes) },
          ]}
        />
      )}
    </section>
  );
}
