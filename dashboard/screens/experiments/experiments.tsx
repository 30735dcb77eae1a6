/** Experiments and rollouts, those that are live first. */

import { showPercent } from '../../../src/base/format.ts';
import { useApi } from '../../api.ts';
import type { ExperimentView } from '../../api-types.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

const COLUMNS: readonly Column<ExperimentView>[] = [
  { id: 'id', heading: 'Experiment', cell: ({ experimentId }) => experimentId },
  { id: 'pipeline', heading: 'Pipeline', cell: ({ pipeline }) => pipeline },
  { id: 'state', heading: 'State', cell: ({ state }) => <Badge word={state} /> },
  {
    id: 'arms',
    heading: 'Arms',
    cell: ({ arms }) => arms.map(({ name, weight }) => `${name} ${showPercent(weight)}`).join(' · '),
  },
  { id: 'winner', heading: 'Winner', cell: ({ winner }) => winner ?? '–' },
  { id: 'started', heading: 'Since', cell: ({ startedAt }) => <Moment at={startedAt} /> },
  { id: 'ended', heading: 'Until', cell: ({ endedAt }) => <Moment at={endedAt} /> },
];

export default function Experiments() {
  const list = useApi('listExperiments', {}, { refetchInterval: 5_000 });
  return (
    <Page title="Experiments" about="Variants on live traffic, and rollouts" command="sluice experiment list --all">
      <Loaded query={list} what="experiments">
        {({ experiments }) =>
          experiments.length === 0 ? (
            <Empty title="No experiment has been started yet" command="sluice experiment plan <experiment>">
              Declare one beside its pipeline, deploy the pipeline, then see what it takes:
            </Empty>
          ) : (
            <Rows
              rows={experiments}
              columns={COLUMNS}
              keyOf={({ experimentId }) => experimentId}
              to={({ experimentId }) => `/experiments/${experimentId}`}
              caption="Experiments, newest first"
            />
          )
        }
      </Loaded>
    </Page>
  );
}
