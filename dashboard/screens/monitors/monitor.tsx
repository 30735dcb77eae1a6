/** One monitor: what its scores come to, whether it alerts, how many runs became what, and what was made of it. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { DASH, showMoney, showPercent, showSpan, showTimeToday, showWhole } from '../../../src/base/format.ts';
import { deliveryText, evidenceText } from '../../../src/monitor/window.ts';
import type { AlertRow } from '../../../src/store/monitor-results.ts';
import { useApi } from '../../api.ts';
import { monitorCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Failed, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Act } from './act.tsx';
import { Alert, boundText } from './alert.tsx';
import type { ListedMonitor, MonitorStatus } from './types.ts';
import { Window } from './window.tsx';
import './monitors.css';

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
    <Badge word={monitor.state} /> scores {showPercent(monitor.sample)} of the runs of{' '}
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
          It is stalled: {showWhole(counts.waiting)} runs wait, and nothing is scored. Find out why:{' '}
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
  const bound = `${alertOn.field} is ${boundText(monitor, alertOn.field)}, with its whole interval and at least ${showWhole(alertOn.atLeast)} scores`;
  return (
    <>
      <Alert monitor={monitor} />{' '}
      {alertSince !== null && (
        <>
          since <Moment at={alertSince} />.{' '}
        </>
      )}
      {state === 'stopped'
        ? `Stopped ${showTimeToday(stoppedAt)}: ${reason ?? 'no reason given'}. It alerted`
        : 'It alerts'}{' '}
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
    ['Matched', showWhole(counts.triggered)],
    ['Sampled', `${showWhole(counts.sampled)} (${showPercent(sample)} meant)`],
    ['Waiting', showWhole(counts.waiting)],
    ['Scored', showWhole(counts.scored)],
    ['Failed', showWhole(counts.failed)],
    ...(counts.overBudget > 0 ? [['Left out by budget', showWhole(counts.overBudget)] as const] : []),
    ...(counts.overQueue > 0 ? [['Left out, too many waited', showWhole(counts.overQueue)] as const] : []),
    ...(counts.stopped > 0 ? [['Left out by the stop', showWhole(counts.stopped)] as const] : []),
    ['Last scored', <Moment key="at" at={counts.lastScoredAt} />],
    [
      'Spent today',
      `${showMoney(spentTodayUsd)}${budgetUsdPerDay === null ? '' : ` of at most ${showMoney(budgetUsdPerDay)}`}`,
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
          Without a score:{' '}
          {reasons.map(({ code, runs }) => `${showWhole(runs)} ${code.replaceAll('_', ' ')}`).join(', ')}.
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
