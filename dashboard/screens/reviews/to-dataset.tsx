/** What was reviewed becomes examples of a dataset: all of it, or what reviewers say one thing of. */
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import { requestPath } from '../../../src/contract/client.ts';
import type { LabelValue, ReviewQueue } from '../../../src/model/review-queue.ts';
import { call, useApi } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { inWords, questionsOf } from './form.ts';

interface Added {
  readonly dataset: string;
  readonly version: string;
  readonly examples: number;
  readonly added: readonly string[];
}

interface ToDatasetProps {
  readonly queue: ReviewQueue;
  readonly onClose: () => void;
  readonly onDone: (words: string) => void;
}

export function ToDataset({ queue, onClose, onDone }: ToDatasetProps) {
  const id = useId();
  const queries = useQueryClient();
  const known = useApi('listDatasets', {}, { retry: false });
  const [dataset, setDataset] = useState('');
  const [where, setWhere] = useState<Where>({ field: '', is: '' });
  const [tags, setTags] = useState('');
  const [begins, setBegins] = useState(false);
  const [accepts, setAccepts] = useState(false);
  const add = async () => {
    const given = tags.split(',').map((tag) => tag.trim());
    const added = await call('addReviewedExamples', {
      params: { name: queue.name },
      body: {
        dataset: dataset.trim(),
        ...(where.field !== '' && { field: where.field, is: chosenOf(queue, where) }),
        ...(accepts && { accept: true }),
        ...(begins && { begin: true }),
        ...(given.some(Boolean) && { tags: given.filter(Boolean) }),
      },
    });
    await queries.invalidateQueries({ queryKey: [requestPath('listDatasets', {})] });
    onDone(inWordsOf(added));
  };
  const isFilled = dataset.trim() !== '' && (where.field === '' || where.is.trim() !== '');
  return (
    <Dialog title="Add reviewed answers to a dataset" action="Add" isDisabled={!isFilled} onAct={add} onClose={onClose}>
      <div className="field">
        <label htmlFor={`${id}-dataset`}>Dataset</label>
        <input
          id={`${id}-dataset`}
          list={`${id}-datasets`}
          required
          autoComplete="off"
          value={dataset}
          onChange={(event) => setDataset(event.target.value)}
        />
        <datalist id={`${id}-datasets`}>
          {known.data?.datasets.map((each) => (
            <option key={each.dataset} value={each.dataset} />
          ))}
        </datalist>
        <label className="choice">
          <input type="checkbox" checked={begins} onChange={(event) => setBegins(event.target.checked)} /> begin it
          where there is none of that name
        </label>
      </div>
      {queue.kind === 'fields' && <Which queue={queue} where={where} onWhere={setWhere} />}
      <label className="choice apart">
        <input type="checkbox" checked={accepts} onChange={(event) => setAccepts(event.target.checked)} />{' '}
        {queue.kind === 'pair' ? 'the better answer' : 'the answer that was reviewed'} is what is expected from now on
      </label>
      <div className="field">
        <label htmlFor={`${id}-tags`}>Tags, with commas</label>
        <input id={`${id}-tags`} autoComplete="off" value={tags} onChange={(event) => setTags(event.target.value)} />
      </div>
    </Dialog>
  );
}

/** Of a field, as text; of none: all that are agreed or settled. */
interface Where {
  readonly field: string;
  readonly is: string;
}

const questionOf = (queue: ReviewQueue, field: string) => questionsOf(queue).find(({ name }) => name === field);

/** As the field has it, where it is one of its options. */
const chosenOf = (queue: ReviewQueue, { field, is }: Where): LabelValue =>
  questionOf(queue, field)?.options.find(({ value }) => String(value) === is)?.value ?? is;

interface WhichProps {
  readonly queue: ReviewQueue;
  readonly where: Where;
  readonly onWhere: (where: Where) => void;
}

function Which({ queue, where: { field, is }, onWhere }: WhichProps) {
  const id = useId();
  const question = questionOf(queue, field);
  const setIs = (text: string) => onWhere({ field, is: text });
  return (
    <div className="field-row even">
      <div className="field">
        <label htmlFor={`${id}-field`}>Which</label>
        <select id={`${id}-field`} value={field} onChange={({ target }) => onWhere({ field: target.value, is: '' })}>
          <option value="">All that are agreed or settled</option>
          {queue.fields.map(({ name }) => (
            <option key={name} value={name}>
              Where {inWords(name).toLowerCase()} is
            </option>
          ))}
        </select>
      </div>
      {question !== undefined && (
        <div className="field">
          <label htmlFor={`${id}-is`}>Is</label>
          {question.options.length === 0 ? (
            <input
              id={`${id}-is`}
              required
              autoComplete="off"
              value={is}
              onChange={({ target }) => setIs(target.value)}
            />
          ) : (
            <select id={`${id}-is`} required value={is} onChange={({ target }) => setIs(target.value)}>
              <option value="">Choose one</option>
              {question.options.map(({ value, label }) => (
                <option key={String(value)} value={String(value)}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </div>
      )}
    </div>
  );
}

function inWordsOf({ dataset, version, examples, added }: Added): string {
  const short = version.slice(0, 12);
  if (added.length === 0) return `All of them were in ${dataset} before (version ${short}).`;
  return `${showWhole(added.length)} added to ${dataset}: ${showWhole(examples)} examples, version ${short}.`;
}
