/** Runs, newest first. */
import { useApi } from '../../api.ts';
import { duration, shortPlan, shortRun, time } from '../../format.ts';
import { Badge } from '../../parts/badge.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

interface ListedRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly planId: string;
  readonly arms: { readonly [experiment: string]: string };
  readonly unit: string | null;
  readonly state: string;
  readonly startedAt: number;
  readonly finishedAt: number | null;
}

const COLUMNS: readonly Column<ListedRun>[] = [
  { id: 'started', heading: 'Started', cell: ({ startedAt }) => time(startedAt) },
  { id: 'run', heading: 'Run', cell: ({ runId }) => <code>{shortRun(runId)}</code> },
  { id: 'pipeline', heading: 'Pipeline', cell: ({ pipeline }) => pipeline },
  { id: 'state', heading: 'State', cell: ({ state }) => <Badge word={state} /> },
  {
    id: 'duration',
    heading: 'Took',
    isNumber: true,
    cell: ({ startedAt, finishedAt }) => duration(finishedAt === null ? null : finishedAt - startedAt),
  },
  { id: 'plan', heading: 'Plan', cell: ({ planId }) => <code>{shortPlan(planId)}</code> },
];

export default function Runs() {
  const list = useApi<{ runs: readonly ListedRun[] }>('/v1/runs?limit=100', { refetchInterval: 5_000 });
  return (
    <Page title="Runs" command="sluice runs">
      <Loaded query={list} what="runs">
        {({ runs }) =>
          runs.length === 0 ? (
            <Empty
              title="Nothing has been asked yet"
              command={'sluice ask docs-bot:local "How do I stream a response?"'}
            />
          ) : (
            <Rows
              rows={runs}
              columns={COLUMNS}
              keyOf={({ runId }) => runId}
              to={({ runId }) => `/runs/${runId}`}
              caption="Runs, newest first"
            />
          )
        }
      </Loaded>
    </Page>
  );
}
