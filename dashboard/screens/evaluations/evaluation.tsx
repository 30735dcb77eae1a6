/** One evaluation: how far it has come, what is missing and why, and what it came to, in words. */

import { Link } from 'wouter';
import { showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { isUnfinished } from '../../../src/model/evaluation-result.ts';
import { useApi } from '../../api.ts';
import { datasetWords, registrationText, type ShownEvaluation } from '../../api-types.ts';
import { evaluationCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Verdict } from '../compare/verdict.tsx';
import { AskExperts, QueuesOf } from '../reviews/of-evaluation.tsx';
import { paidWords } from './evaluations.tsx';
import '../../style/compare.css';

const POLL_MS = 2_000;

export default function Evaluation({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const query = useApi(
    'getEvaluation',
    { params: { id } },
    {
      refetchInterval: ({ state }) => (state.data && isUnfinished(state.data) ? POLL_MS : false),
      retry: false,
    },
  );
  const shown = query.data;
  return (
    <Page
      title={id}
      about={shown && `${registrationText(shown)}, of ${shown.name}, by ${shown.startedBy}`}
      command={evaluationCommands(id, shown !== undefined && shown.mode === 'compare' && !isUnfinished(shown))}
      actions={
        shown && (
          <>
            <a className="button" href={shown.temporalUrl} target="_blank" rel="noreferrer">
              Temporal UI
            </a>
            {!isUnfinished(shown) && shown.mode === 'compare' && (
              <AskExperts evaluation={shown.evaluationId} session={session} />
            )}
            {!isUnfinished(shown) && (
              <Link className="button" href={`/compare?ids=${shown.evaluationId}`}>
                Compare its variants
              </Link>
            )}
          </>
        )
      }
    >
      <Loaded query={query} what="the evaluation">
        {(evaluation) => (
          <>
            <Progress evaluation={evaluation} />
            <CameTo evaluation={evaluation} />
            <Asked evaluation={evaluation} />
            <QueuesOf evaluation={evaluation.evaluationId} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Progress({ evaluation }: { readonly evaluation: ShownEvaluation }) {
  const { state, progress, missing, error, createdAt, finishedAt, budgetUsd, evaluationId } = evaluation;
  const { done, total, cells, calls, resumable, savedUsd } = progress;
  const facts = [
    ['Begun', <Moment key="at" at={createdAt} />],
    ['Took', finishedAt === null ? 'still under way' : showDuration(finishedAt - createdAt)],
    [
      'Scores',
      `${showWhole(cells.done)} there, ${showWhole(cells.failed)} count as the worst, ${showWhole(cells.missing)} missing`,
    ],
    ['Calls', `${showWhole(calls.made)} made, ${showWhole(calls.shared)} shared`],
    ['Paid', `${paidWords(progress)}${budgetUsd === null ? '' : ` of ${showMoney(budgetUsd)}`}`],
    ['Saved', showMoney(savedUsd)],
  ] as const;
  return (
    <section className="card" aria-labelledby="progress-title">
      <div className="bar">
        <h2 id="progress-title">Progress</h2>
        <Badge word={state} />
        <label className="progress">
          <progress value={done} max={Math.max(1, total)} />{' '}
          {done === total ? `all ${showWhole(total)} runs` : `${showWhole(done)} of ${showWhole(total)} runs`}
        </label>
      </div>
      {error !== null && (
        <p role="alert" className="harm">
          {error.message}
        </p>
      )}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {missing.length > 0 && (
        <>
          <h3>Why scores are missing</h3>
          <ul>
            {missing.map(({ reason, cells: count, isInapplicable, resumable: canBe }) => (
              <li key={`${reason} ${canBe} ${isInapplicable}`}>
                {showWhole(count)}: {reason}
                <span className="muted">
                  {isInapplicable ? ' (nothing to score: no hole)' : canBe ? ' (another try may fill it)' : ''}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {resumable > 0 && !isUnfinished(evaluation) && (
        <p>
          Fill what can be filled: <code>sluice eval resume {evaluationId}</code>
        </p>
      )}
    </section>
  );
}

function CameTo({ evaluation }: { readonly evaluation: ShownEvaluation }) {
  const { evaluationId, mode } = evaluation;
  const isThere = mode === 'compare' && !isUnfinished(evaluation);
  const query = useApi('compare', { query: { ids: evaluationId } }, { enabled: isThere });
  return (
    <section className="card" aria-labelledby="came-title">
      <h2 id="came-title">What it came to</h2>
      {isThere ? (
        <Loaded query={query} what="the comparison">
          {(comparison) => (
            <>
              <Verdict comparison={comparison} />
              <p>
                <Link href={`/compare?ids=${evaluationId}`}>All metrics, charts and examples</Link>
              </p>
            </>
          )}
        </Loaded>
      ) : mode === 'aa' ? (
        <p>
          An A/A evaluation compares nothing: it measures noise. <code>sluice eval noise {evaluationId}</code>
        </p>
      ) : (
        <p className="muted">It is said when all runs are there: a look before would count as one.</p>
      )}
    </section>
  );
}

function Asked({ evaluation }: { readonly evaluation: ShownEvaluation }) {
  const { variants, metrics, repeats, dataset } = evaluation;
  return (
    <section className="card" aria-labelledby="asked-title">
      <h2 id="asked-title">What is evaluated</h2>
      <p>
        {variants.map(({ name }) => name).join(', ')} on {showWhole(dataset.examples)} examples of{' '}
        {datasetWords(evaluation)}
        {repeats > 1 ? `, ${repeats} times each` : ''}.
      </p>
      <Rows
        rows={metrics}
        keyOf={({ name }) => name}
        caption="Metrics"
        columns={[
          { id: 'name', heading: 'Metric', cell: ({ name }) => name },
          { id: 'role', heading: 'Role', cell: ({ role }) => role },
          { id: 'better', heading: 'Good is', cell: ({ better }) => better },
          {
            id: 'source',
            heading: 'From',
            cell: ({ source }) =>
              source.from === 'run' ? `the run: ${source.field}` : `${source.scorer}: ${source.field}`,
          },
        ]}
      />
    </section>
  );
}
