/** One pipeline: the picture of what it serves, its deployments and what they changed, its prompts, and what is tried on it. */
import { DASH, shortId, showPercent } from '../../../src/base/format.ts';
import { useApi } from '../../api.ts';
import { pipelineCommands } from '../../commands.ts';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { PlanPicture } from '../run/plan-picture.tsx';
import '../run/run.css';
import { PipelineActions } from './actions.tsx';
import { ComparePlans } from './compare.tsx';
import { Live } from './live.tsx';
import { LiveSteps } from './live-steps.tsx';
import './pipelines.css';
import { Prompts } from './prompt-history.tsx';
import { baseOf, type Deployment, type PipelineView, type StoredPlan, variantOf } from './types.ts';

export default function Pipeline({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const path = `/v1/pipelines/${encodeURIComponent(name)}`;
  const list = useApi<{ pipelines: readonly PipelineView[] }>('/v1/pipelines');
  const pipeline = useApi<PipelineView>(path, { retry: false });
  const history = useApi<{ deployments: readonly Deployment[] }>(`${path}/deployments`, { retry: false });
  const defined = (list.data?.pipelines ?? []).filter((each) => baseOf(each.name) === name);
  const deployments = history.data?.deployments ?? [];
  return (
    <Page
      title={name}
      about={pipeline.data && <Serves pipeline={pipeline.data} />}
      command={pipelineCommands(name)}
      actions={
        defined.length > 0 && (
          <PipelineActions name={name} defined={defined} deployments={deployments} session={session} />
        )
      }
    >
      <Loaded query={pipeline} what="the pipeline">
        {(shown) => (
          <>
            <Picture pipeline={shown} deployments={history.data?.deployments} />
            <section className="card">
              <h2>Which steps are live where</h2>
              <LiveSteps name={name} />
            </section>
            <div className="grid spaced-below">
              <section className="card">
                <h2>Live on it</h2>
                <Live name={name} />
              </section>
              <section className="card">
                <h2>Variants in code</h2>
                <Variants defined={defined} />
              </section>
            </div>
            <section className="card">
              <h2>Deployments</h2>
              <Loaded query={history} what="deployments">
                {(read) => <Deployments deployments={read.deployments} name={name} />}
              </Loaded>
            </section>
            {history.data !== undefined && defined.length > 0 && (
              <section className="card">
                <h2>What differs</h2>
                <ComparePlans
                  key={`${name} ${deployments[0]?.deploymentNo}`}
                  deployments={deployments}
                  defined={defined}
                />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Serves({ pipeline: { deployment } }: { readonly pipeline: PipelineView }) {
  if (deployment === null) return <>Serves the definition in code: nothing was deployed</>;
  const { deploymentNo, variant, wonBy, by, at, holdOut } = deployment;
  return (
    <>
      Serves deployment {deploymentNo}
      {variant !== null && `, the variant ${variant}`}
      {wonBy.length > 0 && ` with what ${wonBy.join(', ')} won`}, since <Moment at={at} /> by {by}
      {holdOut > 0 && `; ${showPercent(holdOut)} of all units are in no experiment`}
    </>
  );
}

interface PictureProps {
  readonly pipeline: PipelineView;
  /** Undefined until they are read. */
  readonly deployments: readonly Deployment[] | undefined;
}

function Picture({ pipeline: { name, deployment }, deployments }: PictureProps) {
  const served = useApi<StoredPlan>(
    deployment === null ? `/v1/pipelines/${encodeURIComponent(name)}/plan` : `/v1/plans/${deployment.planId}`,
  );
  return (
    <Loaded query={served} what="the plan">
      {(read) => (
        <>
          <section className="card">
            <h2>Plan that is served</h2>
            <PlanPicture plan={read.plan} nodes={[]} />
          </section>
          {deployments !== undefined && (
            <section className="card">
              <h2>Prompts</h2>
              <Prompts deployments={deployments} served={read} />
            </section>
          )}
        </>
      )}
    </Loaded>
  );
}

function Variants({ defined }: { readonly defined: readonly PipelineView[] }) {
  const variants = defined.filter(({ name }) => variantOf(name) !== undefined);
  if (variants.length === 0) return <p className="muted">None: pipeline.variant(name, edit) makes one in code.</p>;
  return (
    <ul className="plain-list">
      {variants.map(({ name, planId }) => (
        <li key={name}>
          {variantOf(name)} <code className="muted">{shortId(planId)}</code>
        </li>
      ))}
    </ul>
  );
}

const COLUMNS: readonly Column<Deployment>[] = [
  { id: 'no', heading: 'No.', cell: ({ deploymentNo }) => deploymentNo, isNumber: true },
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  { id: 'kind', heading: 'By way of', cell: ({ kind }) => kind },
  { id: 'variant', heading: 'Variant', cell: ({ variant }) => variant ?? DASH },
  { id: 'plan', heading: 'Plan', cell: ({ planId }) => <code>{shortId(planId)}</code> },
  { id: 'by', heading: 'Who', cell: ({ by }) => by },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
];

function Deployments({ deployments, name }: { readonly deployments: readonly Deployment[]; readonly name: string }) {
  if (deployments.length === 0)
    return (
      <Empty title="Nothing was deployed yet" command={`sluice deploy ${name} --why "first"`}>
        Until then the definition in code is served, and no experiment can begin.
      </Empty>
    );
  return (
    <Rows
      rows={deployments}
      columns={COLUMNS}
      keyOf={({ deploymentNo }) => String(deploymentNo)}
      caption="Deployments, newest first"
    />
  );
}
