/** One experiment or rollout: what is decided of it, in words, and all that this rests on. */

import { Link } from 'wouter';
import { DASH, shortId, showDuration, showPercent, showSpan } from '../../../src/base/format.ts';
import { askedFacts } from '../../../src/experiment/brief-words.ts';
import { isLive } from '../../../src/model/experiment-spec.ts';
import type { StageRow } from '../../../src/store/experiments.ts';
import { useApi } from '../../api.ts';
import type {
  AnalysisSummary,
  AuditRow,
  ExperimentDesign,
  ExperimentStatus,
  LookPoint,
  Report,
} from '../../api-types.ts';
import { experimentCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Actions } from './actions.tsx';
import { EffectOverTime } from './effect-chart.tsx';
import { Funnel, SampleRatio } from './funnel.tsx';
import { Effects, Guardrails } from './metrics.tsx';
import '../../style/compare.css';

const POLL_MS = 5_000;
const LOOKS_POLL_MS = 30_000;

export default function Experiment({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const _path = `/v1/experiments/${encodeURIComponent(id)}`;
  const status = useApi(
    'getExperiment',
    { params: { id } },
    {
      refetchInterval: ({ state }) => (state.data !== undefined && isLive(state.data) ? POLL_MS : false),
      retry: (failures, trouble) => failures < 1 && (trouble.status === 0 || trouble.status >= 500),
    },
  );
  return (
    <Page
      title={id}
      about={status.data && <About status={status.data} />}
      command={experimentCommands(id, status.data?.kind ?? 'experiment')}
      actions={
        status.data && (
          <>
            <Link className="button" href={`/experiments/${id}/brief`}>
              Decision brief
            </Link>
            <Actions status={status.data} session={session} />
          </>
        )
      }
    >
      <Loaded query={status} what="the experiment">
        {(shown) => (
          <>
            <Verdict status={shown} />
            <Numbers status={shown} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const About = ({ status: { pipeline, kind, state, startedAt, endedAt, startedBy } }: { status: ExperimentStatus }) => (
  <>
    <Badge word={state} /> {kind} on <Link href={`/pipelines/${pipeline}`}>{pipeline}</Link>, started{' '}
    <Moment at={startedAt} /> by {startedBy}, {endedAt === null ? 'for' : 'lasted'}{' '}
    {showDuration((endedAt ?? Date.now()) - startedAt)}
  </>
);

function Verdict({ status: { sentences, state } }: { readonly status: ExperimentStatus }) {
  const [verdict = `It is ${state}.`, ...rest] = sentences;
  return (
    <section className="card verdict" aria-label="Verdict">
      <p className="verdict-first">{verdict}</p>
      {rest.length > 0 && <p>{rest.join(' ')}</p>}
    </section>
  );
}

function Numbers({ status }: { readonly status: ExperimentStatus }) {
  const _path = `/v1/experiments/${encodeURIComponent(status.experimentId)}`;
  const refetchInterval = isLive(status) ? LOOKS_POLL_MS : (false as const);
  const report = useApi('getExperimentReport', { params: { id: status.experimentId } }, { refetchInterval });
  const looks = useApi('listLooks', { params: { id: status.experimentId } }, { refetchInterval });
  const audit = useApi(
    'listAudit',
    { query: { subject: status.experimentId } },
    {
      refetchInterval,
    },
  );
  return (
    <>
      <Loaded query={report} what="what was measured">
        {(shown) => (
          <>
            {(status.state === 'rolling' ||
              status.state === 'promoted' ||
              status.kind === 'rollout' ||
              shown.rollout !== null) && (
              <section className="card">
                <h2>Rollout</h2>
                <Ramp status={status} asked={shown.asked} />
                {shown.rollout !== null && <RolloutTable rollout={shown.rollout} />}
              </section>
            )}
            <section className="card">
              <h2>Effect over time</h2>
              <Loaded query={looks} what="the looks">
                {(read) => <EffectOverTime asked={shown.asked} looks={read} />}
              </Loaded>
            </section>
            <Tables report={shown} />
            <div className="grid">
              <section className="card">
                <h2>Exposure</h2>
                <Funnel report={shown} />
              </section>
              <section className="card">
                <h2>Sample ratio</h2>
                <SampleRatio report={shown} />
              </section>
            </div>
            <section className="card spaced">
              <h2>As it was asked</h2>
              <AskedFacts report={shown} status={status} />
            </section>
          </>
        )}
      </Loaded>
      <section className="card">
        <h2>Decision log</h2>
        <Loaded query={audit} what="the decision log">
          {({ audit: rows }) => <DecisionLog audit={rows} looks={looks.data?.looks ?? []} />}
        </Loaded>
      </section>
      <section className="card">
        <h2>Stages</h2>
        <Stages stages={status.stages} pipeline={status.pipeline} />
      </section>
    </>
  );
}

/** A rollout looks for harm alone: its guardrails, by its newest look. */
function RolloutTable({ rollout: { table, lookNo } }: { readonly rollout: AnalysisSummary }) {
  const guardrails = table.filter(({ role }) => role === 'guardrail');
  if (guardrails.length === 0) return null;
  return (
    <>
      <Guardrails rows={guardrails} caption="Guardrails in the rollout" />
      <p className="muted">Measured in the rollout only, at look {lookNo}. The result of the experiment is below.</p>
    </>
  );
}

function Tables({ report: { table, asked } }: { readonly report: Report }) {
  const of = (role: string) => table.filter((row) => row.role === role);
  if (table.length === 0)
    return (
      <Empty title="Nothing has been looked at yet">
        The first look comes {showSpan(asked.stop.lookEveryMs)} after the start, once a worker runs: sluice dev, or
        sluice worker.
      </Empty>
    );
  const [primary, guardrails, secondary] = [of('primary'), of('guardrail'), of('secondary')];
  return (
    <>
      {primary.length > 0 && (
        <section className="card">
          <h2>Primary</h2>
          <Effects rows={primary} caption="Primary metric" />
        </section>
      )}
      {guardrails.length > 0 && (
        <section className="card">
          <h2>Guardrails</h2>
          <Guardrails rows={guardrails} />
          <p className="muted">
            Right is harm; grey is the baseline, dashed what is tolerated. Proven means: wholly left of it.
          </p>
        </section>
      )}
      {secondary.length > 0 && (
        <section className="card">
          <h2>Also watched</h2>
          <Effects rows={secondary} caption="Secondary metrics" />
          <p className="muted">Exploratory: nobody decides by these.</p>
        </section>
      )}
    </>
  );
}

// The design of an experiment, as fixed at its start.

const AskedFacts = ({ report, status }: { readonly report: Report; readonly status: ExperimentStatus }) => (
  <dl className="facts">
    {askedFacts(report, isLive(status)).map(([name, text]) => (
      <div key={name} className="fact">
        <dt>{name}</dt>
        <dd>{text}</dd>
      </div>
    ))}
  </dl>
);

// The history of an experiment: decisions of people and interim analyses, and its stages.

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly why: string;
}

interface State {
  readonly state?: string;
  readonly ramp?: number;
}

const stateOf = (value: unknown): State => (typeof value === 'object' && value !== null ? value : {});

function actText({ action, was, isNow }: AuditRow): string {
  const [before, after] = [stateOf(was), stateOf(isNow)];
  if (after.state === undefined) return action;
  if (before.state !== after.state)
    return [before.state, after.state]
      .filter((state) => state !== undefined)
      .join(' → ')
      .replaceAll('_', ' ');
  return before.ramp === after.ramp
    ? action
    : `${showPercent(before.ramp)} → ${showPercent(after.ramp)} of the traffic`;
}

/** Looks that decide as the one before them are left out. */
function entriesOf(audit: readonly AuditRow[], looks: readonly LookPoint[]): readonly Entry[] {
  const acts = audit.map((row, index): Entry => {
    const { at, who, why } = row;
    return { key: `act ${audit.length - index}`, at, who, what: actText(row), why };
  });
  const changes = looks.flatMap(({ lookNo, at, decision, reason }, index): Entry[] => {
    const before = looks[index - 1];
    if (before?.decision === decision) return [];
    return [{ key: `look ${lookNo}`, at, who: `look ${lookNo}`, what: decision, why: reason.replaceAll('_', ' ') }];
  });
  return [...acts, ...changes].sort((one, other) => other.at - one.at);
}

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  { id: 'who', heading: 'Who', cell: ({ who }) => who },
  { id: 'what', heading: 'What', cell: ({ what }) => what },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
];

function DecisionLog({ audit, looks }: { readonly audit: readonly AuditRow[]; readonly looks: readonly LookPoint[] }) {
  const entries = entriesOf(audit, looks);
  return <Rows rows={entries} columns={COLUMNS} keyOf={({ key }) => key} caption="Decisions, newest first" />;
}

const STAGES: readonly Column<StageRow>[] = [
  { id: 'stage', heading: 'Stage', cell: ({ stage }) => stage, isNumber: true },
  { id: 'at', heading: 'Since', cell: ({ beganAt }) => <Moment at={beganAt} /> },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
  { id: 'deployment', heading: 'Deployment', cell: ({ deploymentNo }) => deploymentNo, isNumber: true },
  { id: 'plan', heading: 'Baseline plan', cell: ({ basePlanId }) => <code>{shortId(basePlanId)}</code> },
  { id: 'snapshots', heading: 'Indexes', cell: ({ facts }) => snapshotsText(facts.snapshots), wraps: true },
];

const snapshotsText = (snapshots: StageRow['facts']['snapshots']): string =>
  Object.entries(snapshots)
    .map(([index, hash]) => `${index} ${hash.slice(0, 8)}`)
    .join(', ') || DASH;

function Stages({ stages, pipeline }: { readonly stages: readonly StageRow[]; readonly pipeline: string }) {
  return (
    <>
      <Rows rows={stages} columns={STAGES} keyOf={({ stage }) => String(stage)} caption="Stages, oldest first" />
      <p className="muted">
        A stage ends when what is served changes; arms are compared within stages only.{' '}
        <Link href={`/pipelines/${pipeline}`}>Deployments of {pipeline}</Link>
      </p>
    </>
  );
}

// The steps of a rollout: done, current, and to come.

function Ramp({ status, asked }: { readonly status: ExperimentStatus; readonly asked: ExperimentDesign }) {
  const { steps, soakMs: _, ...rollout } = asked.rollout;
  const here = steps.findLastIndex((part) => part <= status.ramp);
  const variant = status.winner ?? 'the variant';
  return (
    <>
      <ol className="ramp">
        {steps.map((part, index) => {
          const word =
            index < here || status.state === 'promoted'
              ? 'done'
              : index > here
                ? 'to come'
                : status.state === 'rolling'
                  ? 'now'
                  : 'reached';
          return (
            <li key={part} className={word.replace(' ', '-')} aria-current={word === 'now' ? 'step' : undefined}>
              <strong>{showPercent(part)}</strong> <span>{word}</span>
            </li>
          );
        })}
      </ol>
      <p className="muted">
        {status.state === 'promoted'
          ? `${variant} is the new baseline: it is what is served, whoever asks.`
          : `${showPercent(status.ramp)} of the traffic outside the share gets ${variant}.`}
        {status.state === 'rolling' && ` The next step waits for ${rollout.unitsPerStep} more ${asked.unitName}s.`}
      </p>
    </>
  );
}
