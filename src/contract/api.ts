/** The HTTP API as one table: per operation its path, scopes, requests and responses, and the types of both. */
import type { z } from 'zod';
import type { Json } from '../plan/plan.ts';
import { CHAT } from './chat.ts';
import { COMPARISONS } from './comparisons.ts';
import { DATASETS } from './datasets.ts';
import type { Endpoint } from './endpoint.ts';
import { EVALUATIONS } from './evaluations.ts';
import { EXPERIMENTS } from './experiments.ts';
import { MONITORS } from './monitors.ts';
import { OPERATIONS } from './operations.ts';
import type { EndpointName } from './paths.ts';
import { PIPELINES } from './pipelines.ts';
import { REVIEWS } from './reviews.ts';
import { RUN_SEARCH } from './run-search.ts';
import { RUNS } from './runs.ts';

export const API = {
  ...RUNS,
  ...RUN_SEARCH,
  ...CHAT,
  ...PIPELINES,
  ...EXPERIMENTS,
  ...DATASETS,
  ...EVALUATIONS,
  ...COMPARISONS,
  ...REVIEWS,
  ...MONITORS,
  ...OPERATIONS,
} satisfies { readonly [Name in EndpointName]: Endpoint };

type Api = typeof API;

/** What JSON is once it is read: nobody writes to it. */
export type Frozen<T> = Json extends T ? T : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

type Part<Name extends EndpointName, Key extends string> = Api[Name] extends { readonly request: infer Request }
  ? Request extends { readonly [K in Key]: infer Schema }
    ? Schema
    : undefined
  : undefined;
type BodySchema<Name extends EndpointName> =
  Part<Name, 'body'> extends { readonly content: { readonly 'application/json': { readonly schema: infer Schema } } }
    ? Schema
    : undefined;
type Checked<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Sent<Schema> = Schema extends z.ZodType ? Frozen<z.input<Schema>> : undefined;

/** A request as a handler is given it: checked, with defaults filled in. */
export interface CheckedRequest<Name extends EndpointName> {
  readonly params: Checked<Part<Name, 'params'>>;
  readonly query: Checked<Part<Name, 'query'>>;
  readonly headers: Checked<Part<Name, 'headers'>>;
  readonly body: Checked<BodySchema<Name>>;
}

type Needed<Key extends string, Value> = [Value] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : Record<never, never> extends Value
    ? { readonly [K in Key]?: Value }
    : { readonly [K in Key]: Value };

/** A request as a client sends it. */
export type ApiRequest<Name extends EndpointName> = Needed<'params', Sent<Part<Name, 'params'>>> &
  Needed<'query', Sent<Part<Name, 'query'>>> &
  Needed<'body', Sent<BodySchema<Name>>> & {
    readonly headers?: { readonly [name: string]: string };
    readonly signal?: AbortSignal;
  };

type Responses<Name extends EndpointName> = Api[Name]['responses'];
type JsonOf<Response> = Response extends {
  readonly content: { readonly 'application/json': { readonly schema: infer Schema } };
}
  ? Checked<Schema>
  : undefined;

/** The JSON of a successful response; undefined where it has no body. */
export type ApiAnswer<Name extends EndpointName> = Frozen<
  {
    [Status in keyof Responses<Name> & (200 | 201 | 202 | 204)]: JsonOf<Responses<Name>[Status]>;
  }[keyof Responses<Name> & (200 | 201 | 202 | 204)]
>;
