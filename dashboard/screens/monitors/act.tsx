/** Starting and stopping a monitor, with a reason. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Why } from '../../parts/why.tsx';
import { refusalOf, type Session } from '../../session.tsx';

const SAYS = {
  start: 'Runs that end from now on are sampled and scored, as its definition in code says.',
  stop: 'No more runs are sampled, and what waits is not scored any more. What was found stays.',
} as const;

interface ActProps {
  readonly name: string;
  readonly action: keyof typeof SAYS;
  readonly session: Session;
}

export function Act({ name, action, session }: ActProps) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [why, setWhy] = useState('');
  const refusal = refusalOf(session, 'operate');
  const word = action === 'start' ? 'Start' : 'Stop';
  const act = async () => {
    await ask(`/v1/monitors/${encodeURIComponent(name)}/${action}`, { method: 'POST', body: { why } });
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
