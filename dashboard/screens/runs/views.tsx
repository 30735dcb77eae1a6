/** Views that were saved, for everybody: filter, order, columns and axes under a name. */
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { ask, toldOf, useApi } from '../../api.ts';
import { addressOf, FRESH, type RunsView } from './search.ts';

interface SavedView {
  readonly name: string;
  readonly by: string;
  readonly view: Partial<RunsView>;
}

const PATH = '/v1/views/runs';

interface ViewsProps {
  readonly view: RunsView;
  /** Whether the key may save and remove views, which are everybody's. */
  readonly maySave: boolean;
}

export function Views({ view, maySave }: ViewsProps) {
  const saved = useApi<{ views: readonly SavedView[] }>(PATH);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const act = async (method: 'PUT' | 'DELETE', which: string) => {
    try {
      await ask(`${PATH}/${encodeURIComponent(which)}`, { method, ...(method === 'PUT' && { body: { view } }) });
      setProblem(undefined);
      await queries.invalidateQueries({ queryKey: [PATH] });
    } catch (error) {
      setProblem(toldOf(error));
    }
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    void act('PUT', name.trim());
    setName('');
  };
  return (
    <details className="menu">
      <summary>Views</summary>
      <div>
        <ul>
          <li>
            <button type="button" className="link" onClick={() => go('/runs')}>
              All runs
            </button>
          </li>
          {saved.data?.views.map(({ name: each, by, view: kept }) => (
            <li key={each}>
              <button
                type="button"
                className="link"
                title={`By ${by}`}
                onClick={() => go(addressOf({ ...FRESH, ...kept }))}
              >
                {each}
              </button>{' '}
              {maySave && (
                <button
                  type="button"
                  className="link"
                  aria-label={`Remove the view ${each}`}
                  onClick={() => void act('DELETE', each)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
        {maySave ? (
          <form className="bar bare" onSubmit={save}>
            <input
              aria-label="Name of the view"
              placeholder="save this as …"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <button type="submit">Save</button>
          </form>
        ) : (
          <p className="muted">To save views, sign in with a key that may operate.</p>
        )}
        {(problem ?? saved.error?.message) && (
          <p role="alert" className="harm">
            {problem ?? saved.error?.message}
          </p>
        )}
      </div>
    </details>
  );
}
