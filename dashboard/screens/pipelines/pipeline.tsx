/** One pipeline: the picture of what it serves, its deployments and what they changed, its prompts, and what is tried on it. */
import '../../style/run.css';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { DASH, shortId, showPercent, showTimeToday } from '../../../src/base/format.ts';
import { type LiveStep, liveWords, shareWords } from '../../../src/experiment/live-steps.ts';
import type { SpecArm } from '../../../src/model/experiment-spec.ts';
import { call, useApi } from '../../api.ts';
import { baseOf, type Deployment, type ExperimentView, type PipelineView, variantOf } from '../../api-types.ts';
import { pipelineCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { Why } from '../../parts/why.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { PlanPicture } from '../run/plan-picture.tsx';
import { ComparePlans } from './compare.tsx';
import { Prompts } from './prompt-history.tsx';
import { usePlan } from './use-plan.ts';

export default function Pipeline({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const _path = `/v1/pipelines/${encodeURIComponent(name)}`;
  const list = useApi('listPipelines', {});
  const pipeline = useApi('getPipeline', { params: { name } }, { retry: false });
  const history = useApi('listDeployments', { params: { name } }, { retry: false });
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
  const served = usePlan({
    planId: deployment?.planId ?? '',
    defined: deployment === null ? name : null,
  });
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

// Deploys and rolls back, with a reason. Needs the scope `operate`.

interface ActionsProps {
  readonly name: string;
  readonly defined: readonly PipelineView[];
  readonly deployments: readonly Deployment[];
  readonly session: Session;
}

function PipelineActions({ name, defined, deployments, session }: ActionsProps) {
  const [asks, setAsks] = useState<'deploy' | 'rollback'>();
  const why = refusalOf(session, 'operate');
  const noEarlier = why ?? (deployments.length < 2 ? 'Nothing was served before what is served now.' : undefined);
  const close = () => setAsks(undefined);
  return (
    <>
      <button type="button" disabled={why !== undefined} title={why} onClick={() => setAsks('deploy')}>
        Deploy…
      </button>
      <button type="button" disabled={noEarlier !== undefined} title={noEarlier} onClick={() => setAsks('rollback')}>
        Roll back…
      </button>
      {asks === 'deploy' && <Deploy defined={defined} onClose={close} />}
      {asks === 'rollback' && <Rollback name={name} deployments={deployments} onClose={close} />}
    </>
  );
}

function Deploy({ defined, onClose }: Pick<ActionsProps, 'defined'> & { readonly onClose: () => void }) {
  const [chosen, setChosen] = useState(defined[0]!.name);
  return (
    <Asked
      title="Deploy as the code has it"
      action="Deploy"
      onSend={(given) => call('deploy', { params: { name: chosen }, body: given })}
      onClose={onClose}
    >
      <div className="field">
        <label htmlFor="deploy-what">What</label>
        <select id="deploy-what" value={chosen} onChange={(event) => setChosen(event.target.value)}>
          {defined.map(({ name }) => (
            <option key={name} value={name}>
              {variantOf(name) === undefined ? `${name}, the definition` : `the variant ${variantOf(name)}`}
            </option>
          ))}
        </select>
      </div>
    </Asked>
  );
}

interface RollbackProps extends Pick<ActionsProps, 'name' | 'deployments'> {
  readonly onClose: () => void;
}

function Rollback({ name, deployments, onClose }: RollbackProps) {
  const earlier = deployments.slice(1);
  const [to, setTo] = useState('');
  const send = (given: Confirmed) =>
    call('rollback', { params: { name }, body: { ...given, ...(to !== '' && { to: Number(to) }) } });
  return (
    <Asked title={`Roll ${name} back`} action="Roll back" onSend={send} onClose={onClose}>
      <div className="field">
        <label htmlFor="rollback-to">To</label>
        <select id="rollback-to" value={to} onChange={(event) => setTo(event.target.value)}>
          <option value="">what was served before</option>
          {earlier.map(({ deploymentNo, variant, at }) => (
            <option key={deploymentNo} value={deploymentNo}>
              deployment {deploymentNo}
              {variant === null ? '' : `, ${variant}`}, {showTimeToday(at)}
            </option>
          ))}
        </select>
      </div>
    </Asked>
  );
}

interface Confirmed {
  readonly why: string;
  readonly force?: true;
}

interface AskedProps {
  readonly title: string;
  readonly action: string;
  readonly onSend: (given: Confirmed) => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Asked({ title, action, onSend, onClose, children }: AskedProps) {
  const queries = useQueryClient();
  const [why, setWhy] = useState('');
  const [force, setForce] = useState(false);
  const act = async () => {
    await onSend({ why, ...(force && { force }) });
    await queries.invalidateQueries();
    onClose();
  };
  return (
    <Dialog title={title} action={action} isDisabled={why.trim() === ''} onAct={act} onClose={onClose}>
      <p>New runs get it at once; runs under way end as they began.</p>
      {children}
      <Why value={why} onChange={setWhy} />
      <p>
        <label>
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} /> Also where it
          undoes what an experiment has won, or ends one that is live
        </label>
      </p>
    </Dialog>
  );
}

// The live experiments of a pipeline, and the nodes that each variant changes.

function Live({ name }: { readonly name: string }) {
  const live = useApi('listExperiments', { query: { pipeline: name, live: 'true' } });
  return (
    <Loaded query={live} what="experiments">
      {({ experiments }) =>
        experiments.length === 0 ? (
          <p className="muted">
            Nothing is tried on it now. See what an experiment takes:{' '}
            <code>sluice experiment plan &lt;experiment&gt;</code>
          </p>
        ) : (
          <ul className="plain-list">
            {experiments.map((experiment) => (
              <LiveOne key={experiment.experimentId} experiment={experiment} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function LiveOne({ experiment }: { readonly experiment: ExperimentView }) {
  const { experimentId, state, arms, ramp, kind } = experiment;
  const report = useApi('getExperimentReport', { params: { id: experimentId } });
  const edited =
    report.data?.asked.arms
      .slice(1)
      .map(editsText)
      .filter((text) => text !== undefined) ?? [];
  return (
    <li>
      <Link href={`/experiments/${experimentId}`}>{experimentId}</Link> <Badge word={state} />{' '}
      <span className="muted">
        {arms.map((arm) => `${arm.name} ${showPercent(arm.weight)}`).join(' · ')}
        {(kind === 'rollout' || state === 'rolling') && `, ${showPercent(ramp)} of the traffic`}
        {edited.length > 0 && <span className="live-edits">{edited.join('; ')}</span>}
      </span>
    </li>
  );
}

/** `listwise has another ranked (config)`; undefined where it changes nothing. */
function editsText({ name, edits }: SpecArm): string | undefined {
  const nodes = Map.groupBy(edits, ({ node }) => node);
  if (nodes.size === 0) return undefined;
  const words = [...nodes].map(([node, of]) => `${node} (${[...new Set(of.map(({ facet }) => facet))].join(', ')})`);
  return `${name} has another ${words.join(', ')}`;
}

// The live steps of each node: deployed, in an experiment, or in a rollout, with their shares of the traffic.

const POLL_MS = 10_000;
const WHOLE = 100;

const columnsOf = (deploymentNo: number | null): readonly Column<LiveStep>[] => [
  { id: 'node', heading: 'Node', cell: ({ node, by }) => (by === 'deployment' ? node : <Again node={node} />) },
  { id: 'step', heading: 'Step', cell: ({ step }) => <code>{step}</code> },
  { id: 'share', heading: 'Share', cell: (step) => <Share step={step} /> },
  { id: 'by', heading: 'Served by', cell: (step) => <By step={step} deploymentNo={deploymentNo} /> },
  { id: 'differs', heading: 'Differs in', cell: ({ differs }) => differs.join(', ') || DASH },
  { id: 'fallback', heading: 'Else', cell: ({ fallback }) => (fallback === null ? DASH : <code>{fallback}</code>) },
];

function LiveSteps({ name }: { readonly name: string }) {
  const live = useApi('getLiveSteps', { params: { name } }, { refetchInterval: POLL_MS });
  return (
    <Loaded query={live} what="what is live">
      {({ steps, deploymentNo }) =>
        steps.length === 0 ? (
          <Empty title="Its plan has no nodes">Give it a step, then deploy it.</Empty>
        ) : (
          <>
            <Rows
              rows={steps}
              columns={columnsOf(deploymentNo)}
              keyOf={({ node, by, experimentId, arm }) => `${node} ${by} ${experimentId} ${arm}`}
              caption="Steps that are live, by node"
            />
            <p className="muted">
              {steps.some(({ by }) => by !== 'deployment')
                ? 'Shares are of requests that say for whom they are, and whom the experiment is about; all others get what is deployed.'
                : 'Nothing is tried on it now: everybody gets what is deployed.'}
            </p>
          </>
        )
      }
    </Loaded>
  );
}

/** The node once more, as what else it is now. */
const Again = ({ node }: { readonly node: string }) => (
  <span className="muted">
    <span aria-hidden="true">↳ </span>
    {node}
  </span>
);

const Share = ({ step }: { readonly step: LiveStep }) => (
  <span className="live-share">
    <span className="part-track" aria-hidden="true">
      <span
        className={step.by === 'deployment' ? 'part-fill baseline' : 'part-fill'}
        style={{ width: `${WHOLE * step.share}%` }}
      />
    </span>
    <span className="num">{shareWords(step)}</span>
  </span>
);

function By({ step, deploymentNo }: { readonly step: LiveStep; readonly deploymentNo: number | null }) {
  const words = liveWords(step, deploymentNo);
  return step.experimentId === null ? words : <Link href={`/experiments/${step.experimentId}`}>{words}</Link>;
}
