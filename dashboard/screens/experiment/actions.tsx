/** Approving, pausing, resuming and aborting: each is asked again, with its reason, before it is done. */

import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { isLive } from '../../../src/model/experiment-spec.ts';
import { call } from '../../api.ts';
import type { ExperimentStatus } from '../../api-types.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Why } from '../../parts/why.tsx';
import { refusalOf, type Session } from '../../session.tsx';

type Action = 'approve' | 'pause' | 'resume' | 'abort';

const SAYS: { readonly [A in Action]: string } = {
  approve: 'The winner is rolled out, step by step; harm takes it back by itself.',
  pause: 'New runs get the baseline, or a rollout stays on its step, until it is resumed.',
  resume: 'It goes on where it was.',
  abort: 'It ends for good: everybody gets the baseline, and nothing is decided.',
};
const NAMES: { readonly [A in Action]: string } = {
  ...{ approve: 'Approve', pause: 'Pause', resume: 'Resume', abort: 'Abort' },
};

/** What its state has room for. */
function actionsOf({ state, reason }: ExperimentStatus): readonly Action[] {
  // As `steer` signs a rollout that stays on its step.
  const isHeld = state === 'rolling' && (reason?.startsWith('held: ') ?? false);
  if (state === 'paused' || isHeld) return ['resume', 'abort'];
  if (state === 'approving') return ['approve', 'abort'];
  return state === 'halted' ? ['abort'] : ['pause', 'abort'];
}

export function Actions({ status, session }: { readonly status: ExperimentStatus; readonly session: Session }) {
  const [action, setAction] = useState<Action>();
  if (!isLive(status)) return null;
  const why = refusalOf(session, 'operate');
  return (
    <>
      {actionsOf(status).map((each) => (
        <button
          key={each}
          type="button"
          className={each === 'approve' ? 'primary' : each === 'abort' ? 'danger' : undefined}
          disabled={why !== undefined}
          title={why ?? SAYS[each]}
          onClick={() => setAction(each)}
        >
          {NAMES[each]}…
        </button>
      ))}
      {why !== undefined && <span className="muted act-note">{why}</span>}
      {action !== undefined && <Confirm status={status} action={action} onClose={() => setAction(undefined)} />}
    </>
  );
}

interface ConfirmProps {
  readonly status: ExperimentStatus;
  readonly action: Action;
  readonly onClose: () => void;
}

function Confirm({ status: { experimentId }, action, onClose }: ConfirmProps) {
  const queries = useQueryClient();
  const [why, setWhy] = useState('');
  const [typed, setTyped] = useState('');
  const id = useId();
  const isMeant = action !== 'abort' || typed.trim() === experimentId;
  const act = async () => {
    await call(`${action}Experiment`, { params: { id: experimentId }, body: { why } });
    await queries.invalidateQueries();
    onClose();
  };
  return (
    <Dialog
      title={`${NAMES[action]} ${experimentId}?`}
      action={NAMES[action]}
      isDisabled={why.trim() === '' || !isMeant}
      onAct={act}
      onClose={onClose}
    >
      <p>{SAYS[action]}</p>
      <Why value={why} onChange={setWhy} />
      {action === 'abort' && (
        <div className="field">
          <label htmlFor={`${id}-typed`}>
            This cannot be undone. Type <code>{experimentId}</code>
          </label>
          <input
            id={`${id}-typed`}
            autoComplete="off"
            required
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
      )}
    </Dialog>
  );
}
