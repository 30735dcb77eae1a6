/** What the run was asked becomes an example of a dataset; its answer is what is expected, if that is accepted. */
import { useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import { ask, useApi } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import type { RunTrace } from './spans.ts';

interface Added {
  readonly dataset: string;
  readonly version: string;
  readonly examples: number;
  readonly added: readonly string[];
}

type Expecting = 'nothing' | 'accept' | 'other';

interface AddProps {
  readonly run: RunTrace;
  readonly onClose: () => void;
  /** Told in words what came of it. */
  readonly onDone: (words: string) => void;
}

export function AddToDataset({ run, onClose, onDone }: AddProps) {
  const known = useApi<{ datasets: readonly { dataset: string }[] }>('/v1/datasets', { retry: false });
  const [name, setName] = useState('');
  const [expecting, setExpecting] = useState<Expecting>(run.state === 'completed' ? 'accept' : 'nothing');
  const [expected, setExpected] = useState('value' in run.output ? JSON.stringify(run.output.value, null, 2) : '{}');
  const [tags, setTags] = useState('');
  const [begins, setBegins] = useState(false);
  const hasOutput = run.state === 'completed' || run.state === 'degraded';
  const add = async () => {
    const added = await ask<Added>(`/v1/datasets/${encodeURIComponent(name.trim())}/examples`, {
      method: 'POST',
      body: {
        runs: [run.runId],
        ...(expecting === 'accept' && { accept: true }),
        ...(expecting === 'other' && { expected: parse(expected) }),
        ...(tags.trim() !== '' && {
          tags: tags
            .split(',')
            .map((tag) => tag.trim())
            .filter(Boolean),
        }),
        ...(begins && { begin: true }),
      },
    });
    onDone(inWords(added));
  };
  return (
    <Dialog title="Add to dataset" action="Add" isDisabled={name.trim() === ''} onAct={add} onClose={onClose}>
      <div className="field">
        <label htmlFor="dataset">Dataset</label>
        <input
          id="dataset"
          list="datasets"
          required
          autoComplete="off"
          placeholder="ai-docs"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <datalist id="datasets">
          {known.data?.datasets?.map(({ dataset }) => (
            <option key={dataset} value={dataset} />
          ))}
        </datalist>
        <label className="choice">
          <input type="checkbox" checked={begins} onChange={(event) => setBegins(event.target.checked)} /> begin it
          where there is none of that name
        </label>
      </div>
      <fieldset className="field">
        <legend>What is expected</legend>
        {(
          [
            ['accept', 'the answer as it was given', !hasOutput],
            ['other', 'another one', false],
            ['nothing', 'nothing yet', false],
          ] as const
        ).map(([choice, words, isDisabled]) => (
          <label key={choice} className="choice">
            <input
              type="radio"
              name="expecting"
              disabled={isDisabled}
              checked={expecting === choice}
              onChange={() => setExpecting(choice)}
            />{' '}
            {words}
            {isDisabled && ` (the run ${run.state === 'running' ? 'has none yet' : `is ${run.state}`})`}
          </label>
        ))}
        {expecting === 'other' && (
          <textarea
            aria-label="What is expected, as a JSON object"
            rows={6}
            className="code"
            value={expected}
            onChange={(event) => setExpected(event.target.value)}
          />
        )}
      </fieldset>
      <div className="field">
        <label htmlFor="tags">Tags, with commas</label>
        <input id="tags" value={tags} onChange={(event) => setTags(event.target.value)} />
      </div>
    </Dialog>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`What is expected is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function inWords({ dataset, version, examples, added }: Added): string {
  const short = version.slice(0, 12);
  if (added.length === 0) return `It was in ${dataset} before, and stays as it is there (version ${short}).`;
  return `Added to ${dataset}: ${showWhole(examples)} examples, version ${short}.`;
}
