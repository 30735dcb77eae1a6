/** The way to the server: JSON in and out, with problems (RFC 9457) as errors that say what to do. */
import { keepPreviousData, type UseQueryOptions, useQuery } from '@tanstack/react-query';

export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly status: number;
  readonly code: string;
  readonly remedy: string;

  constructor(status: number, code: string, message: string, remedy: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** What went wrong, and what to do about it, in one line. */
export const toldOf = (error: unknown): string =>
  error instanceof Trouble ? `${error.message}: ${error.remedy}` : String(error);

interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
}

/** @throws Trouble for what the server refuses, and where it does not answer */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await send(path, asking);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** As `ask`, with the response as it comes: for streams. */
export async function send(path: string, { method = 'GET', body, headers, signal }: Asking = {}): Promise<Response> {
  const response = await fetch(path, {
    method,
    // The session is taken of requests with this header alone, which pages of other sites cannot send.
    headers: { 'x-sluice-session': '1', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    throw new Trouble(0, 'unreachable', 'the server does not answer', 'see that sluice serve runs, then try again');
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Trouble(
    response.status,
    problem.code ?? 'unknown',
    problem.detail ?? `the server answered ${response.status}`,
    problem.remedy ?? 'try again; if it stays, see the log of sluice serve',
  );
}

/** Query parameters, without those that are not given. */
export function query(parameters: { readonly [name: string]: string | number | undefined }): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === '' ? '' : `?${search}`;
}

type Options<T> = Omit<UseQueryOptions<T, Trouble>, 'queryKey' | 'queryFn'>;

/** What is at the path, read again as the options say; while another path is read, the former stays. */
export function useApi<T>(path: string, options: Options<T> = {}) {
  return useQuery<T, Trouble>({
    queryKey: [path],
    queryFn: ({ signal }) => ask<T>(path, { signal }),
    placeholderData: keepPreviousData as never,
    ...options,
  });
}
