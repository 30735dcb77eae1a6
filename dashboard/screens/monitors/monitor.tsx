/** One monitor: what its scores come to, whether it alerts, how many runs became what, and what was made of it. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { percent, showSpan } from '../../../src/experiment/report-text.ts';
import { deliveryText, evidenceText } from '../../../src/monitor/window.ts';
import type { AlertRow } from '../../../src/store/monitors-alerts.ts';
import { useApi } from '../../api.ts';
import { monitorCommands } from '../../commands.ts';
import { DASH, money, time, whole } from '../../format.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Failed, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Act } from './act.tsx';
import { Alert, boundText } from './alert.tsx';
import './monitors.css';
import type { ListedMonitor, MonitorStatus } from './types.ts';
import { Window } from './window.tsx';

const POLL_MS = 10_000;

export default function Monitor({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const status = useApi<MonitorStatus>(`/v1/monitors/${encodeURIComponent(id)}`, {
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
    retry: false,
  });
  // One that was never started is in the list alone.
  const isUnknown = status.error?.status === 404;
  const list = useApi<{ monitors: readonly ListedMonitor[] }>('/v1/monitors', { enabled: isUnknown });
  const never = list.data?.monitors.find(({ monitorId }) => monitorId === id);
  const shown = isUnknown ? never : status.data;
  return (
    <Page
      title={id}
      about={shown && <About monitor={shown} />}
      command={monitorCommands(id, shown?.state !== 'not_started')}
      actions={
        shown && <Act name={shown.name} action={shown.state === 'running' ? 'stop' : 'start'} session={session} />
      }
    >
      {isUnknown && never !== undefined ? (
        <Empty title="It was never started" command={`sluice monitor start ${id}`}>
          Nothing is scored until it is: by the button above, or by
        </Empty>
      ) : isUnknown && list.data !== undefined ? (
        <Failed error={status.error!} />
      ) : (
        <Loaded query={status} what="the monitor">
          {(monitor) => <Standing monitor={monitor} />}
        </Loaded>
      )}
    </Page>
  );
}

const About = ({ monitor }: { readonly monitor: ListedMonitor | MonitorStatus }) => (
  <>
    <Badge word={monitor.state} /> scores {percent(monitor.sample)} of the runs of{' '}
    <Link href={`/pipelines/${monitor.pipeline}`}>{monitor.pipeline}</Link> by {monitor.scorer}
    {monitor.startedBy !== null && (
      <>
        , started <Moment at={monitor.startedAt} /> by {monitor.startedBy}
      </>
    )}
  </>
);

function Standing({ monitor }: { readonly monitor: MonitorStatus }) {
  const { alerts, history, isStalled, isOutOfBudget, counts } = monitor;
  return (
    <>
      {isStalled && (
        <p className="notice" role="alert">
          It is stalled: {whole(counts.waiting)} runs wait, and nothing is scored. Find out why:{' '}
          <code>sluice doctor</code>
        </p>
      )}
      {isOutOfBudget && (
        <p className="notice">Its budget of today is used up: nothing more is sampled before midnight, UTC.</p>
      )}
      <div className="grid spaced-after">
        <section className="card">
          <h2>Scores of the last {showSpan(monitor.windowMs)}</h2>
          <Window monitor={monitor} />
        </section>
        <section className="card">
          <h2>Runs</h2>
          <Counts monitor={monitor} />
        </section>
      </div>
      <section className="card">
        <h2>Alert</h2>
        <p>{<AlertSentence monitor={monitor} />}</p>
        {alerts.length > 0 && (
          <Rows
            rows={alerts}
            columns={ALERTS}
            keyOf={({ alertNo }) => String(alertNo)}
            caption="Changes of the alert, newest first"
          />
        )}
      </section>
      <section className="card">
        <h2>History</h2>
        <Rows
          rows={history}
          columns={HISTORY}
          keyOf={({ at, action }) => `${at} ${action}`}
          caption="Who started and stopped it, newest first"
        />
      </section>
    </>
  );
}

function AlertSentence({ monitor }: { readonly monitor: MonitorStatus }) {
  const { alertOn, alertSince, state, reason, stoppedAt } = monitor;
  if (alertOn === null) return <>It has no bound to alert beyond: give its definition an alert.</>;
  const bound = `${alertOn.field} is ${boundText(monitor, alertOn.field)}, with its whole interval and at least ${whole(alertOn.atLeast)} scores`;
  return (
    <>
      <Alert monitor={monitor} />{' '}
      {alertSince !== null && (
        <>
          since <Moment at={alertSince} />.{' '}
        </>
      )}
      {state === 'stopped' ? `Stopped ${time(stoppedAt)}: ${reason ?? 'no reason given'}. It alerted` : 'It alerts'}{' '}
      where {bound}.
    </>
  );
}

function Counts({
  monitor: { counts, reasons, sample, spentTodayUsd, budgetUsdPerDay },
}: {
  readonly monitor: MonitorStatus;
}) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Matched', whole(counts.triggered)],
    ['Sampled', `${whole(counts.sampled)} (${percent(sample)} meant)`],
    ['Waiting', whole(counts.waiting)],
    ['Scored', whole(counts.scored)],
    ['Failed', whole(counts.failed)],
    ...(counts.overBudget > 0 ? [['Left out by budget', whole(counts.overBudget)] as const] : []),
    ...(counts.overQueue > 0 ? [['Left out, too many waited', whole(counts.overQueue)] as const] : []),
    ...(counts.stopped > 0 ? [['Left out by the stop', whole(counts.stopped)] as const] : []),
    ['Last scored', <Moment key="at" at={counts.lastScoredAt} />],
    [
      'Spent today',
      `${money(spentTodayUsd)}${budgetUsdPerDay === null ? '' : ` of at most ${money(budgetUsdPerDay)}`}`,
    ],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, text]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {reasons.length > 0 && (
        <p className="muted">
          Without a score: {reasons.map(({ code, runs }) => `${whole(runs)} ${code.replaceAll('_', ' ')}`).join(', ')}.
        </p>
      )}
    </>
  );
}

const ALERTS: readonly Column<AlertRow>[] = [
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  {
    id: 'change',
    heading: 'Change',
    cell: ({ was, isNow }) => <span className={isNow === 'alerting' ? 'harm' : undefined}>{`${was} → ${isNow}`}</span>,
  },
  { id: 'evidence', heading: 'Decided from', cell: ({ evidence }) => evidenceText(evidence) || DASH, wraps: true },
  {
    id: 'told',
    heading: 'Told',
    cell: (alert) => deliveryText(alert) ?? <Moment at={alert.deliveredAt} />,
    wraps: true,
  },
];

const HISTORY: readonly Column<MonitorStatus['history'][number]>[] = [
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  { id: 'who', heading: 'Who', cell: ({ who }) => who },
  { id: 'what', heading: 'What', cell: ({ action }) => action },
  { id: 'why', heading: 'Why', cell: ({ why }) => why || DASH, wraps: true },
];
