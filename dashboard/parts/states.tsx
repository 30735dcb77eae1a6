/** What a screen says where it has nothing to show: each state in words that say what to do. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ApiError } from '../api.ts';

export function Loading({ what }: { readonly what: string }) {
  return (
    <div className="state" role="status" aria-live="polite">
      <span className="spinner" aria-hidden="true" /> Reading {what} …
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }) {
  return (
    <div className="state failed" role="alert">
      <strong>{error.message}</strong>
      <p>{error.remedy}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** @param command what fills it */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="state empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {command && <pre>{command}</pre>}
    </div>
  );
}

/** Shows data when it is there; what was there before stays while it is read again, and says so where that fails. */
export function Loaded<T>({
  query,
  what,
  children,
}: {
  readonly query: UseQueryResult<T, ApiError>;
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, error, isPending, refetch } = query;
  if (data !== undefined)
    return (
      <>
        {error && (
          <div className="notice" role="alert">
            This may be out of date: {error.message}.{' '}
            <button type="button" className="link" onClick={() => void refetch()}>
              Try again
            </button>
          </div>
        )}
        {children(data)}
      </>
    );
  if (isPending) return <Loading what={what} />;
  return <Failed error={error!} retry={() => void refetch()} />;
}
