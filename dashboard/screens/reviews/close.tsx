/** Closes a queue: asked again, with its reason. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import type { ReviewReport } from '../../../src/model/review-queue.ts';
import { ask } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Why } from '../../parts/why.tsx';
import { pathOf } from './types.ts';

interface CloseProps {
  readonly report: ReviewReport;
  readonly onClose: () => void;
  readonly onDone: (words: string) => void;
}

export function CloseQueue({ report: { queue, progress }, onClose, onDone }: CloseProps) {
  const queries = useQueryClient();
  const [why, setWhy] = useState('');
  const close = async () => {
    await ask(`${pathOf(queue.name)}/close`, { method: 'POST', body: { why: why.trim() } });
    await queries.invalidateQueries();
    onDone('Closed: no more reviews are taken.');
  };
  const { open, begun, disputed } = progress.states;
  const left = [
    [open + begun, 'not fully reviewed'],
    [disputed, 'disputed and not decided'],
  ] as const;
  const words = left.filter(([count]) => count > 0).map(([count, what]) => `${showWhole(count)} ${what}`);
  return (
    <Dialog
      title={`Close ${queue.name}?`}
      action="Close the queue"
      isDisabled={why.trim() === ''}
      onAct={close}
      onClose={onClose}
    >
      <p>
        Nobody can review after that, and it cannot be opened again. What was said stays, as labels of {queue.scorer}.
      </p>
      <p>{words.length === 0 ? 'Nothing is left to do in it.' : `Left as they are: ${words.join('; ')}.`}</p>
      <Why value={why} onChange={setWhy} />
    </Dialog>
  );
}
