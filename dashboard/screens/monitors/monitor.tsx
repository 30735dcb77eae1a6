/** One monitor: what its scores come to, whether it alerts, how many runs became what, and what was made of it. */
import '../../style/compare.css';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { DASH, showMoney, showPercent, showSpan, showTimeToday, showWhole } from '../../../src/base/format.ts';
import { showValue } from '../../../src/evaluation/report/values.ts';
import { deliveryText, evidenceText } from '../../../src/monitor/window.ts';
import type { AlertRow } from '../../../src/store/monitor-results.ts';
import { call, useApi } from '../../api.ts';
import type { ListedMonitor, MonitorStatus } from '../../api-types.ts';
import { monitorCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Failed, Loaded } from '../../parts/states.tsx';
import { Why } from '../../parts/why.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { Alert, boundText } from './alert.tsx';

const POLL_MS = 10_000;

export default function Monitor({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const status = useApi(
    'getMonitor',
    { params: { id } },
    {
      refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
      retry: false,
    },
  );
  // One that was never started is in the list alone.
  const isUnknown = status.error?.status === 404;
  const list = useApi('listMonitors', {}, { enabled: isUnknown });
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

// Starts and stops a monitor, with a reason.

const SAYS = {
  start: 'Runs that end from now on are sampled and scored, as its definition in code says.',
  stop: 'No more runs are sampled, and what waits is not scored any more. What was found stays.',
} as const;

interface ActProps {
  readonly name: string;
  readonly action: keyof typeof SAYS;
  readonly session: Session;
}

function Act({ name, action, session }: ActProps) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [why, setWhy] = useState('');
  const refusal = refusalOf(session, 'operate');
  const word = action === 'start' ? 'Start' : 'Stop';
  const act = async () => {
    await call(`${action}Monitor`, { params: { id: name }, body: { why } });
    await queries.invalidateQueries();
    setAsking(false);
  };
  return (
    <>
      <button type="button" disabled={refusal !== undefined} title={refusal} onClick={() => setAsking(true)}>
        {word}…
      </button>
      {isAsking && (
        <Dialog
          title={`${word} ${name}?`}
          action={word}
          isDisabled={why.trim() === ''}
          onAct={act}
          onClose={() => setAsking(false)}
        >
          <p>{SAYS[action]}</p>
          <Why value={why} onChange={setWhy} />
        </Dialog>
      )}
    </>
  );
}

// The scores of the last window: each field's interval, and its alert bound.

function Window({ monitor }: { readonly monitor: MonitorStatus }) {
  const { window, windowMs } = monitor;
  const fields = Object.keys(window.fields);
  return (
    <>
      <p>
        {showWhole(window.scored)} scores of runs that ended in the last {showSpan(windowMs)}
        {window.coverage !== null && `, ${showPercent(window.coverage)} of those sampled`}.
      </p>
      {fields.length === 0 && (
        <p className="muted">Nothing is scored in this window: it fills as runs of {monitor.pipeline} end.</p>
      )}
      {fields.map((field) => (
        <Field key={field} field={field} monitor={monitor} />
      ))}
      {fields.length > 0 && <p className="muted">Intervals of 99 %; what has no score is in neither end of them.</p>}
    </>
  );
}

function Field({ field, monitor }: { readonly field: string; readonly monitor: MonitorStatus }) {
  const { kind, n, mean, lo, hi } = monitor.window.fields[field]!;
  const { format, worst, best } = monitor.fields[field] ?? { format: 'number', worst: 0, best: null };
  const { alertOn } = monitor;
  const watched = alertOn?.field === field ? alertOn : null;
  const limit = watched === null ? null : (watched.below ?? watched.above);
  const isBeyond =
    watched !== null &&
    lo !== null &&
    hi !== null &&
    (watched.below === null ? lo > watched.above! : hi < watched.below);
  const between =
    lo === null || hi === null ? 'too few for an interval' : `${showValue(lo, format)} to ${showValue(hi, format)}`;
  const bound = boundText(monitor, field);
  const words = `${kind} ${showValue(mean, format)}, ${between}, of ${showWhole(n)}${bound === undefined ? '' : `; alerts ${bound}`}`;
  // A score with two ends is shown between them.
  const scale: readonly [number, number] =
    best === null ? scaleOf([lo, hi, mean, limit, worst]) : [Math.min(worst, best), Math.max(worst, best)];
  return (
    <div className="monitor-field">
      <div>
        <strong>{field}</strong> <span className={isBeyond ? 'harm' : 'muted'}>{words}</span>
      </div>
      <Interval
        label={`${field}: ${words}`}
        lo={lo}
        hi={hi}
        at={mean}
        scale={scale}
        limits={limit === null ? [] : [limit]}
        tone={isBeyond ? 'harm' : 'good'}
      />
      <div className="scale muted" aria-hidden="true">
        <span>{showValue(scale[0], format)}</span>
        <span>{showValue(scale[1], format)}</span>
      </div>
    </div>
  );
}
