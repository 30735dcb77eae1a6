/** Starts a queue: of which evaluation, on which scorer's words, how many answers, and by how many people. */

import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { requestPath } from '../../../src/contract/client.ts';
import { isUnfinished } from '../../../src/model/evaluation-result.ts';
import { REVIEW_LIMITS, type ReviewReport } from '../../../src/model/review-queue.ts';
import { call, useApi } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';

interface StartProps {
  /** Of this one; absent: one is picked. */
  readonly evaluation?: string;
  readonly onClose: () => void;
  readonly onDone: (report: ReviewReport) => void;
}

interface Started {
  readonly evaluation: string;
  readonly scorer: string;
  readonly name: string;
  readonly sample: string;
  readonly reviewers: string;
  readonly question: string;
  readonly guidelines: string;
  readonly unlabelled: boolean;
}

const SAMPLE = 50;
const NAME = '[A-Za-z0-9][A-Za-z0-9._\\-]{0,99}';

export function StartQueue({ evaluation = '', onClose, onDone }: StartProps) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Started>({
    ...{ evaluation, scorer: '', name: '', sample: String(SAMPLE), reviewers: String(REVIEW_LIMITS.reviewers.usual) },
    ...{ question: '', guidelines: '', unlabelled: true },
  });
  const set = (part: Partial<Started>) => setAsked((before) => ({ ...before, ...part }));
  const start = async () => {
    const { sample, reviewers, question, guidelines, unlabelled, ...rest } = asked;
    const report = await call('startReview', {
      body: {
        ...rest,
        ...{ name: rest.name.trim(), sample: Number(sample), reviewers: Number(reviewers) },
        ...(question.trim() !== '' && { question: question.trim() }),
        ...(guidelines.trim() !== '' && { guidelines: guidelines.trim() }),
        ...(unlabelled && { unlabelled }),
      },
    });
    await queries.invalidateQueries({ queryKey: [requestPath('listReviews', {})] });
    onDone(report);
  };
  const isFilled = asked.evaluation !== '' && asked.scorer !== '' && asked.name.trim() !== '';
  return (
    <Dialog title="Start a review queue" action="Start" isDisabled={!isFilled} onAct={start} onClose={onClose}>
      {evaluation === '' && (
        <PickEvaluation value={asked.evaluation} onPick={(id) => set({ evaluation: id, scorer: '' })} />
      )}
      <PickScorer
        evaluation={asked.evaluation}
        value={asked.scorer}
        onPick={(scorer) => set({ scorer, name: asked.name === '' ? scorer : asked.name })}
      />
      <Details asked={asked} set={set} />
    </Dialog>
  );
}

interface DetailsProps {
  readonly asked: Started;
  readonly set: (part: Partial<Started>) => void;
}

function Details({ asked, set }: DetailsProps) {
  const id = useId();
  const { least, most } = REVIEW_LIMITS.reviewers;
  return (
    <>
      <div className="field-row">
        <div className="field">
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            required
            pattern={NAME}
            title="Letters, digits, dots, dashes and underscores, at most 100"
            autoComplete="off"
            value={asked.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-sample`}>How many</label>
          <input
            {...{ id: `${id}-sample`, type: 'number', required: true, min: 1, max: REVIEW_LIMITS.items }}
            value={asked.sample}
            onChange={(event) => set({ sample: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-reviewers`}>People each</label>
          <input
            {...{ id: `${id}-reviewers`, type: 'number', required: true, min: least, max: most }}
            value={asked.reviewers}
            onChange={(event) => set({ reviewers: event.target.value })}
          />
        </div>
      </div>
      <label className="choice apart">
        <input
          type="checkbox"
          checked={asked.unlabelled}
          onChange={(event) => set({ unlabelled: event.target.checked })}
        />{' '}
        only what nobody has labelled yet
      </label>
      <div className="field">
        <label htmlFor={`${id}-question`}>Question, where the scorer’s own will not do</label>
        <input
          id={`${id}-question`}
          maxLength={REVIEW_LIMITS.questionLength}
          autoComplete="off"
          value={asked.question}
          onChange={(event) => set({ question: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-guidelines`}>Guidelines for reviewers</label>
        <textarea
          id={`${id}-guidelines`}
          rows={3}
          maxLength={REVIEW_LIMITS.guidelinesLength}
          value={asked.guidelines}
          onChange={(event) => set({ guidelines: event.target.value })}
        />
      </div>
    </>
  );
}

// The choice of evaluation and scorer for a new queue.

const KINDS: { readonly [kind: string]: string } = {
  step: 'one answer at a time',
  human: 'one answer at a time; people alone score it',
  pair: 'two answers side by side, blind',
};

function PickEvaluation({ value, onPick }: { readonly value: string; readonly onPick: (id: string) => void }) {
  const id = useId();
  const list = useApi('listEvaluations', {});
  const done = list.data?.evaluations.filter((each) => !isUnfinished(each) && each.mode === 'compare');
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

function PickScorer({ evaluation, value, onPick }: PickScorerProps) {
  const id = useId();
  const shown = useApi(
    'getEvaluation',
    { params: { id: evaluation } },
    {
      enabled: evaluation !== '',
      placeholderData: undefined as never,
    },
  );
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
