/** One session, begun with an API key: the key itself is not kept in the page. */
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call, errorText, useApi } from './api.ts';
import { Failed, Loading } from './parts/states.tsx';

export interface Session {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly temporalUi: string;
  readonly version: string;
}

const MAY_NOT = { operate: 'change things', feedback: 'give feedback', ask: 'ask' } as const;

/** Why the session may not do what the scope is for; undefined where it may. */
export const refusalOf = ({ scopes }: Session, scope: keyof typeof MAY_NOT): string | undefined =>
  scopes.includes(scope)
    ? undefined
    : `This key may not ${MAY_NOT[scope]}: sign in with one that has the scope ${scope}.`;

/** Shows what is inside to whoever is signed in, and the door to everybody else. */
export function SignedIn({ children }: { readonly children: (session: Session) => ReactNode }) {
  const session = useApi('getSession', {}, { retry: false, staleTime: Number.POSITIVE_INFINITY });
  if (session.data) return <>{children(session.data)}</>;
  if (session.isPending) return <Loading what="the session" />;
  if (session.error.status === 401 || session.error.status === 403) return <Door />;
  return <Failed error={session.error} retry={() => void session.refetch()} />;
}

function Door() {
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await call('beginSession', { headers: { authorization: `Bearer ${key.trim()}` } });
      await queries.invalidateQueries();
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  return (
    <main className="door">
      <form onSubmit={(event) => void enter(event)}>
        <h1>Sluice</h1>
        <p>
          Sign in with an API key that may read, or give feedback. On the machine that runs the server, this makes one:
        </p>
        <pre>sluice keys create dashboard --scope ask,feedback,read,operate</pre>
        <label htmlFor="key">API key</label>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <button type="submit" className="primary">
          Sign in
        </button>
        {problem !== undefined && (
          <p role="alert" className="harm">
            {problem}
          </p>
        )}
      </form>
    </main>
  );
}

export async function leave(): Promise<void> {
  await call('endSession', {});
  forget();
  location.assign('/ui/');
}

/** Whoever signs in next is somebody else: what was filled in here is none of theirs. */
function forget(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Where storage is forbidden nothing is kept.
  }
}
