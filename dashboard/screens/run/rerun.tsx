/** Asks how a run is to be made again: under which variant, from which node on, for how much. */
import { useState } from 'react';
import { nodesOf } from '../../../src/plan/nodes.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { ask, useApi } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import type { RunTrace } from './spans.ts';

interface RerunProps {
  readonly run: RunTrace;
  readonly plan: Plan | undefined;
  /** The node from which on it is made again; empty: whatever differs. */
  readonly from: string;
  readonly onStarted: (rerunId: string) => void;
  readonly onClose: () => void;
}

const SAME = '';

export function Rerun({ run, plan, from: given, onStarted, onClose }: RerunProps) {
  const list = useApi<{ pipelines: readonly { name: string }[] }>('/v1/pipelines');
  const prefix = `${run.pipeline}:`;
  const variants = (list.data?.pipelines ?? []).flatMap(({ name }) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  const [variant, setVariant] = useState(SAME);
  const [from, setFrom] = useState(given);
  const [limit, setLimit] = useState('');
  const nodes = plan ? [...nodesOf(plan)].flatMap(({ id, kind }) => (kind === 'step' ? [id] : [])) : [];
  const start = async () => {
    const { rerunId } = await ask<{ readonly rerunId: string }>(`/v1/runs/${run.runId}/backtests`, {
      method: 'POST',
      body: {
        ...(variant !== SAME && { variant }),
        ...(from !== '' && { from }),
        ...(limit !== '' && { limitUsd: Number(limit) }),
      },
    });
    onStarted(rerunId);
  };
  return (
    <Dialog
      title="Re-run with a variant"
      action="Run it again"
      isDisabled={variant === SAME && from === ''}
      onAct={start}
      onClose={onClose}
    >
      <p className="muted">
        Calls that would be the same are taken from the record; only what differs is made and paid.
      </p>
      <div className="field">
        <label htmlFor="variant">Variant</label>
        <select id="variant" value={variant} onChange={(event) => setVariant(event.target.value)}>
          <option value={SAME}>{list.isPending ? 'reading …' : 'none: as the code has it'}</option>
          {variants.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {list.error && <p className="harm">{list.error.message}</p>}
      </div>
      <div className="field">
        <label htmlFor="from">Called again, whether it differs or not</label>
        <select id="from" value={from} onChange={(event) => setFrom(event.target.value)}>
          <option value="">nothing but what differs</option>
          {nodes.map((id) => (
            <option key={id} value={id}>
              {id}, and all that hangs on it
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor="limit">End before it costs more than, in US dollars</label>
        <input
          id="limit"
          type="number"
          min="0.001"
          step="any"
          placeholder="no limit"
          value={limit}
          onChange={(event) => setLimit(event.target.value)}
        />
      </div>
    </Dialog>
  );
}
