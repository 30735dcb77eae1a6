/** The way to the server: JSON in and out, with problems (RFC 9457) as errors that say what to do. */
import { keepPreviousData, type UseQueryOptions, useQuery } from '@tanstack/react-query';
import type { ApiAnswer, ApiRequest } from '../src/contract/api.ts';
import { createApiClient, requestPath } from '../src/contract/client.ts';
import type { EndpointName } from '../src/contract/paths.ts';

export class ApiError extends Error {
  override readonly name = 'ApiError';
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
export const errorText = (error: unknown): string =>
  error instanceof ApiError ? `${error.message}: ${error.remedy}` : String(error);

/**
 * The operations of the API, with the session's cookie.
 *
 * @throws ApiError for what the server refuses, and where it does not answer
 */
export const { call, send } = createApiClient(async (path, init) => {
  // The session is taken of requests with this header alone, which pages of other sites cannot send.
  const headers = { 'x-sluice-session': '1', ...init.headers };
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'the server does not answer', 'see that sluice serve runs, then try again');
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(
    response.status,
    problem.code ?? 'unknown',
    problem.detail ?? `the server answered ${response.status}`,
    problem.remedy ?? 'try again; if it stays, see the log of sluice serve',
  );
});

type Options<Answer, Selected> = Omit<UseQueryOptions<Answer, ApiError, Selected>, 'queryKey' | 'queryFn'>;

/** The answer of an operation, read again as the options say; while another request is read, the former answer stays. */
export function useApi<Name extends EndpointName, Selected = ApiAnswer<Name>>(
  name: Name,
  request: ApiRequest<Name>,
  options: Options<ApiAnswer<Name>, Selected> = {},
) {
  return useQuery<ApiAnswer<Name>, ApiError, Selected>({
    queryKey: [requestPath(name, request)],
    queryFn: ({ signal }) => call(name, { ...request, signal }),
    placeholderData: keepPreviousData as never,
    ...options,
  });
}
