/** Monitors: what of the live runs is scored in the background, and whether it is worth an alert. */
import { DASH, showPercent, showWhole } from '../../../src/base/format.ts';
import { useApi } from '../../api.ts';
import type { ListedMonitor } from '../../api-types.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { Alert } from './alert.tsx';

const count = (
  id: 'triggered' | 'sampled' | 'waiting' | 'scored' | 'failed',
  heading: string,
): Column<ListedMonitor> => ({
  ...{ id, heading, isNumber: true },
  cell: ({ counts }) => (counts === null ? DASH : showWhole(counts[id])),
});

const COLUMNS: readonly Column<ListedMonitor>[] = [
  { id: 'monitor', heading: 'Monitor', cell: ({ monitorId }) => monitorId },
  { id: 'pipeline', heading: 'Pipeline', cell: ({ pipeline }) => pipeline },
  { id: 'state', heading: 'State', cell: ({ state }) => <Badge word={state} /> },
  { id: 'alert', heading: 'Alert', cell: (row) => <Alert monitor={row} /> },
  { id: 'sample', heading: 'Sample', cell: ({ sample }) => showPercent(sample), isNumber: true },
  count('triggered', 'Matched'),
  count('sampled', 'Sampled'),
  count('waiting', 'Waiting'),
  count('scored', 'Scored'),
  count('failed', 'Failed'),
  { id: 'last', heading: 'Last scored', cell: ({ counts }) => <Moment at={counts?.lastScoredAt} /> },
];

export default function Monitors() {
  const list = useApi('listMonitors', {}, { refetchInterval: 10_000 });
  return (
    <Page title="Monitors" about="A part of the live runs, scored in the background" command="sluice monitor list">
      <Loaded query={list} what="monitors">
        {({ monitors }) =>
          monitors.length === 0 ? (
            <Empty title="No monitor is defined yet" command="sluice monitor start <monitor>">
              Define one (defineMonitor), export it in pipelines/index.ts, then start it:
            </Empty>
          ) : (
            <Rows
              rows={monitors}
              columns={COLUMNS}
              keyOf={({ monitorId }) => monitorId}
              to={({ monitorId }) => `/monitors/${monitorId}`}
              caption="Monitors, those that run first"
            />
          )
        }
      </Loaded>
    </Page>
  );
}
