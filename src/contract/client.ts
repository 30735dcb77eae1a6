/** A typed client of the HTTP API. At run time it needs the table of paths and no schema. */
import type { ApiAnswer, ApiRequest } from './api.ts';
import { type EndpointName, PATHS } from './paths.ts';

/** Sends one request. Rejects when the server refuses it or does not answer. */
export type Transport = (path: string, init: RequestInit) => Promise<Response>;

interface Loose {
  readonly params?: object | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiClient {
  /** The JSON of the response; undefined where it has no body. */
  call<Name extends EndpointName>(name: Name, request: ApiRequest<Name>): Promise<ApiAnswer<Name>>;
  /** The response itself: for streams. */
  send<Name extends EndpointName>(name: Name, request: ApiRequest<Name>): Promise<Response>;
}

export function createApiClient(transport: Transport): ApiClient {
  const send: ApiClient['send'] = (name, request) => {
    const { body, headers, signal }: Loose = request;
    return transport(requestPath(name, request), {
      method: PATHS[name][0].toUpperCase(),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  };
  return {
    send,
    async call(name, request) {
      const text = await (await send(name, request)).text();
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

/** Path and query of a request, without parameters that are undefined or empty. */
export function requestPath<Name extends EndpointName>(name: Name, request: ApiRequest<Name>): string {
  const { params = {}, query = {} }: Loose = request;
  const values = new Map(Object.entries(params));
  const path = PATHS[name][1].replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(values.get(key))));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)])).toString();
  return search === '' ? path : `${path}?${search}`;
}
