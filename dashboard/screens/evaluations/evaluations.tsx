/** Evaluations: what was evaluated on what, how far it came, and a choice of those to compare. */

import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { DASH, showMoney, showWhole } from '../../../src/base/format.ts';
import { isUnfinished } from '../../../src/model/evaluation-result.ts';
import { call, useApi } from '../../api.ts';
import { datasetWords, type ListedEvaluation, registrationText } from '../../api-types.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

const POLL_MS = 3_000;
const SHOWN_VARIANTS = 3;

export default function Evaluations() {
  const query = useApi(
    'listEvaluations',
    {},
    {
      refetchInterval: ({ state }) => (state.data?.evaluations.some(isUnfinished) ? POLL_MS : false),
    },
  );
  /** In the order in which they were chosen. */
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [, go] = useLocation();
  useAhead(chosen, query.data?.evaluations ?? []);
  return (
    <Page
      title="Evaluations"
      about={
        chosen.length > 1 ? `${chosen[0]} is the baseline` : 'Choose the baseline first, then what to compare with it.'
      }
      command="sluice eval list"
      actions={
        <button
          type="button"
          className="primary"
          disabled={chosen.length === 0}
          title={chosen.length === 0 ? 'Choose one, or several, in the table' : undefined}
          onClick={() => go(`/compare?ids=${chosen.join(',')}`)}
        >
          {chosen.length > 1 ? `Compare ${chosen.length}` : 'Compare'}
        </button>
      }
    >
      <Loaded query={query} what="the evaluations">
        {({ evaluations }) =>
          evaluations.length === 0 ? (
            <Empty title="Nothing has been evaluated yet" command="sluice eval run before-release">
              An evaluation runs variants of a pipeline over the examples of a dataset.
            </Empty>
          ) : (
            <Rows
              rows={evaluations}
              columns={[choiceColumn(chosen, setChosen), ...COLUMNS]}
              keyOf={({ evaluationId }) => evaluationId}
              to={({ evaluationId }) => `/evaluations/${evaluationId}`}
              caption="Evaluations, newest first"
            />
          )
        }
      </Loaded>
    </Page>
  );
}

const SETTLED_MS = 250;

/** What is chosen is compared while the hand is still on its way to the button; before that, what most often is chosen. */
function useAhead(chosen: readonly string[], evaluations: readonly ListedEvaluation[]): void {
  const newest = evaluations.find((evaluation) => evaluation.mode === 'compare' && !isUnfinished(evaluation));
  const wanted = chosen.length > 0 || newest === undefined ? chosen : [newest.evaluationId];
  const rows = evaluations.filter(({ evaluationId }) => wanted.includes(evaluationId));
  const isWorthIt = !rows.some(isUnfinished) && rows.flatMap(({ variants }) => variants).length > 1;
  const ids = isWorthIt ? wanted.join(',') : '';
  useEffect(() => {
    if (ids === '') return;
    // The server goes on with what it has begun; a browser has few connections to wait on.
    const waiting = new AbortController();
    const make = () => call('prepareComparison', { query: { ids }, signal: waiting.signal }).catch(() => undefined);
    const timer = setTimeout(make, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      waiting.abort();
    };
  }, [ids]);
}

function choiceColumn(chosen: readonly string[], onChoose: (ids: readonly string[]) => void): Column<ListedEvaluation> {
  return {
    id: 'choice',
    heading: <span className="visually-hidden">To compare</span>,
    cell: ({ evaluationId }) => (
      <input
        type="checkbox"
        aria-label={`Compare ${evaluationId}`}
        checked={chosen.includes(evaluationId)}
        onClick={(event) => event.stopPropagation()}
        onChange={({ target }) =>
          onChoose(target.checked ? [...chosen, evaluationId] : chosen.filter((id) => id !== evaluationId))
        }
      />
    ),
  };
}

const COLUMNS: readonly Column<ListedEvaluation>[] = [
  { id: 'evaluation', heading: 'Evaluation', cell: ({ evaluationId }) => evaluationId },
  { id: 'state', heading: 'State', cell: ({ state }) => <Badge word={state} /> },
  {
    id: 'runs',
    heading: 'Runs',
    isNumber: true,
    cell: ({ progress: { done, total } }) =>
      done === total ? showWhole(total) : `${showWhole(done)} of ${showWhole(total)}`,
  },
  { id: 'variants', heading: 'Variants', wraps: true, cell: ({ variants }) => variantWords(variants) },
  { id: 'on', heading: 'On', wraps: true, cell: datasetWords },
  { id: 'standing', heading: 'Standing', cell: registrationText },
  { id: 'paid', heading: 'Paid', isNumber: true, cell: ({ progress }) => paidWords(progress) },
  {
    id: 'begun',
    heading: 'Begun',
    cell: ({ createdAt }) => <Moment at={createdAt} />,
  },
];

export const paidWords = ({ paidUsd, unknownCalls }: ListedEvaluation['progress']): string =>
  paidUsd === null ? DASH : `${unknownCalls > 0 ? '≥ ' : ''}${showMoney(paidUsd)}`;

function variantWords(variants: ListedEvaluation['variants']): string {
  const more = variants.length - SHOWN_VARIANTS;
  const names = variants.slice(0, SHOWN_VARIANTS).map(({ name }) => name);
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
