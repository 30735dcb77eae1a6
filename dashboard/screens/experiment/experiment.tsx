/** One experiment or rollout: what is decided of it, in words, and all that this rests on. */
import { Link } from 'wouter';
import { showDuration, showSpan } from '../../../src/base/format.ts';
import { query, useApi } from '../../api.ts';
import { experimentCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Actions } from './actions.tsx';
import { AskedFacts } from './asked.tsx';
import { EffectOverTime } from './effect-chart.tsx';
import './experiment.css';
import { Funnel, SampleRatio } from './funnel.tsx';
import { DecisionLog, Stages } from './history.tsx';
import { Effects, Guardrails } from './metrics.tsx';
import { Ramp } from './ramp.tsx';
import {
  type AnalysisSummary,
  type AuditRow,
  type ExperimentStatus,
  isLive,
  type Looks,
  type Report,
} from './types.ts';

const POLL_MS = 5_000;
const LOOKS_POLL_MS = 30_000;

export default function Experiment({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const path = `/v1/experiments/${encodeURIComponent(id)}`;
  const status = useApi<ExperimentStatus>(path, {
    refetchInterval: ({ state }) => (state.data !== undefined && isLive(state.data) ? POLL_MS : false),
    retry: (failures, trouble) => failures < 1 && (trouble.status === 0 || trouble.status >= 500),
  });
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
  const path = `/v1/experiments/${encodeURIComponent(status.experimentId)}`;
  const refetchInterval = isLive(status) ? LOOKS_POLL_MS : (false as const);
  const report = useApi<Report>(`${path}/report`, { refetchInterval });
  const looks = useApi<Looks>(`${path}/looks`, { refetchInterval });
  const audit = useApi<{ audit: readonly AuditRow[] }>(`/v1/audit${query({ subject: status.experimentId })}`, {
    refetchInterval,
  });
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
