/** Which evaluation a queue is of, and which scorer asks. */
import { useId } from 'react';
import { useApi } from '../../api.ts';
import { isOpen, type ListedEvaluation, type ShownEvaluation } from '../evaluations/types.ts';

const KINDS: { readonly [kind: string]: string } = {
  step: 'one answer at a time',
  human: 'one answer at a time; people alone score it',
  pair: 'two answers side by side, blind',
};

export function PickEvaluation({ value, onPick }: { readonly value: string; readonly onPick: (id: string) => void }) {
  const id = useId();
  const list = useApi<{ evaluations: readonly ListedEvaluation[] }>('/v1/evaluations');
  const done = list.data?.evaluations.filter((each) => !isOpen(each) && each.mode === 'compare');
  return (
    <div className="field">
      <label htmlFor={id}>Evaluation</label>
      <select id={id} required value={value} onChange={(event) => onPick(event.target.value)}>
        <option value="">{list.isPending ? 'Reading …' : 'Choose one'}</option>
        {done?.map(({ evaluationId, dataset }) => (
          <option key={evaluationId} value={evaluationId}>
            {evaluationId} (on {dataset.name})
          </option>
        ))}
      </select>
      {list.error && <span className="harm">{list.error.message}</span>}
      {done?.length === 0 && (
        <span className="muted">
          None has finished yet: <code>sluice eval run before-release</code>
        </span>
      )}
    </div>
  );
}

interface PickScorerProps {
  readonly evaluation: string;
  readonly value: string;
  readonly onPick: (scorer: string) => void;
}

export function PickScorer({ evaluation, value, onPick }: PickScorerProps) {
  const id = useId();
  const shown = useApi<ShownEvaluation>(`/v1/evaluations/${encodeURIComponent(evaluation)}`, {
    enabled: evaluation !== '',
    placeholderData: undefined as never,
  });
  const scorers = shown.data?.scorers ?? [];
  const kind = scorers.find((scorer) => scorer.id === value)?.kind;
  return (
    <div className="field">
      <label htmlFor={id}>In the words of which scorer</label>
      <select
        id={id}
        required
        disabled={scorers.length === 0}
        value={value}
        onChange={(event) => onPick(event.target.value)}
      >
        <option value="">{evaluation === '' ? 'Choose an evaluation first' : 'Choose one'}</option>
        {scorers.map((scorer) => (
          <option key={scorer.id} value={scorer.id}>
            {scorer.id}: {scorer.kind === 'pair' ? 'which of two is better' : scorer.fields.join(', ')}
          </option>
        ))}
      </select>
      {shown.error && <span className="harm">{shown.error.message}</span>}
      <span className="muted">
        {kind === undefined
          ? 'Its fields are what experts fill in; their labels calibrate it.'
          : `Shown: ${KINDS[kind]}.`}
      </span>
    </div>
  );
}
