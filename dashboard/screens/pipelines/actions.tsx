/** Deploying and rolling back: with a reason, and only where the key may. */
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showTimeToday } from '../../../src/base/format.ts';
import { ask } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Why } from '../../parts/why.tsx';
import { refusalOf, type Session } from '../../session.tsx';
import { type Deployment, type PipelineView, variantOf } from './types.ts';

interface ActionsProps {
  readonly name: string;
  readonly defined: readonly PipelineView[];
  readonly deployments: readonly Deployment[];
  readonly session: Session;
}

export function PipelineActions({ name, defined, deployments, session }: ActionsProps) {
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
      path={`/v1/pipelines/${encodeURIComponent(chosen)}/deployments`}
      body={{}}
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
  const body = to === '' ? {} : { to: Number(to) };
  const path = `/v1/pipelines/${encodeURIComponent(name)}/rollback`;
  return (
    <Asked title={`Roll ${name} back`} action="Roll back" path={path} body={body} onClose={onClose}>
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

interface AskedProps {
  readonly title: string;
  readonly action: string;
  readonly path: string;
  readonly body: object;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Asked({ title, action, path, body, onClose, children }: AskedProps) {
  const queries = useQueryClient();
  const [why, setWhy] = useState('');
  const [force, setForce] = useState(false);
  const act = async () => {
    await ask(path, { method: 'POST', body: { ...body, why, ...(force && { force }) } });
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
