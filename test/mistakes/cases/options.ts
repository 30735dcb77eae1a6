/**
 * Mistakes in steps, configs and options, as the compiler tells them.
 */
import { z } from 'zod';
import { defineStep } from '../../../src/index.ts';
import { countHits, keywordSearch, Passages, rerank } from '../../dsl/example.ts';
import { base } from '../setup.ts';

// A misspelt config key.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), { topk: 3 });
//! TS2561 Object literal may only specify known properties, but 'topk' does not exist in type '{ topK?: number | undefined; fields?: string[] | undefined; }'. Did you mean to write 'topK'?

// A config value of the wrong kind.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), { topK: 'many' });
//! TS2322 Type 'string' is not assignable to type 'number'.

// A misspelt key of .with.
rerank.with({ topK: 3 });
//! TS2353 Object literal may only specify known properties, and 'topK' does not exist in type 'Partial<{ topN?: number | undefined; model?: string | undefined; }>'.

// The local lane for a step with effects.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { lane: 'local' });
//! TS2322 Type '"local"' is not assignable to type '"activity" | WiringError<"lane 'local' needs a step that declares effect: 'none'"> | undefined'.

// A fallback that needs more than is wired.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { fallback: rerank });
//! TS2322 Type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, { topN?: number | undefined; model?: string | undefined; }, "read", { ...; }>' is not assignable to type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, never, Effect, unknown> & WiringError<"node 'keyword' is not wired to supply 'passages'">'.
//!   Property 'wiringError' is missing in type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, { topN?: number | undefined; model?: string | undefined; }, "read", { ...; }>' but required in type 'WiringError<"node 'keyword' is not wired to supply 'passages'">'.

// A fallback that produces something else.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { fallback: countHits });
//! TS2322 Type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' is not assignable to type 'Step<{ query: string; }, { passages: number; }, never, Effect, unknown> & WiringError<"node 'keyword' must still produce 'passages' at its old type">'.
//!   Property 'wiringError' is missing in type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' but required in type 'WiringError<"node 'keyword' must still produce 'passages' at its old type">'.

// An orElse that is no output.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { orElse: { passages: 'none' } });
//! TS2322 Type 'string' is not assignable to type '{ id: string; text: string; score: number; }[]'.

// when without orElse.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { when: ({ understood }) => understood.answerable });
//! TS2345 Argument of type '{ when: ({ understood }: Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>) => Value<...>; }' is not assignable to parameter of type 'NodeOptions<"keyword", { query: string; }, { passages: { id: string; text: string; score: number; }[]; }, "read", Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<...>, Nothing>, unknown, unknown> | undefined'.
//!   Type '{ when: ({ understood }: Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>) => Value<...>; }' is not assignable to type 'Partial<Policy> & LaneOption<"read"> & { readonly fallback?: Step<unknown, unknown, never, Effect, unknown> & WiringError<"node 'keyword' must still produce 'passages' at its old type">; } & OnlyWhen<...>'.
//!     Property 'orElse' is missing in type '{ when: ({ understood }: Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>) => Value<...>; }' but required in type 'OnlyWhen<NoInfer<{ passages: { id: string; text: string; score: number; }[]; }>, Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { ...; }>, Nothing>>'.

// when on something that is no boolean.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { when: ({ understood }) => understood.queries, orElse: { passages: [] } });
//! TS2322 Type '({ understood }: Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>) => Value<...>' is not assignable to type '(scope: Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>) => Value<...>'.
//!   Type 'Value<string[]>' is not assignable to type 'Value<boolean>'.
//!     Type 'string[]' is not assignable to type 'boolean'.

// A duration without a space.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { timeout: '30s' });
//! TS2322 Type '"30s"' is not assignable to type '`${number} day` | `${number} days` | `${number} hour` | `${number} hours` | `${number} minute` | `${number} minutes` | `${number} ms` | `${number} second` | `${number} seconds` | undefined'.

// An unknown option.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone }), {}, { retries: 3 });
//! TS2353 Object literal may only specify known properties, and 'retries' does not exist in type 'NodeOptions<"keyword", { query: string; }, { passages: { id: string; text: string; score: number; }[]; }, "read", Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<...>, Nothing>, unknown, unknown>'.

// A step without a policy.
defineStep('careless', { version: 1, input: z.object({}), output: Passages, effect: 'none' });
//! TS2741 Property 'policy' is missing in type '{ version: number; input: z.ZodObject<{}, z.core.$strip>; output: z.ZodObject<{ passages: z.ZodArray<z.ZodObject<{ id: z.ZodString; text: z.ZodString; score: z.ZodNumber; }, z.core.$strip>>; }, z.core.$strip>; effect: "none"; }' but required in type '{ readonly version: number; readonly input: ZodObject<{}, $strip>; readonly output: ZodObject<{ passages: ZodArray<ZodObject<{ id: ZodString; text: ZodString; score: ZodNumber; }, $strip>>; }, $strip>; readonly config?: ZodObject<...>; readonly effect: "none"; readonly dryRun?: never; readonly policy: Policy; }'.

// A step whose input is no object.
defineStep('textual', { version: 1, input: z.string(), output: Passages, policy: { attempts: 1, timeout: '1 second' } });
//! TS2740 Type 'ZodString' is missing the following properties from type 'ZodObject<$ZodLooseShape, $strip>': shape, keyof, catchall, passthrough, and 11 more.

const once = { attempts: 1, timeout: '1 second' } as const;

// A step without an effect.
defineStep('silent', { version: 1, input: z.object({}), output: Passages, policy: once });
//! TS2741 Property 'effect' is missing in type '{ version: number; input: z.ZodObject<{}, z.core.$strip>; output: z.ZodObject<{ passages: z.ZodArray<z.ZodObject<{ id: z.ZodString; text: z.ZodString; score: z.ZodNumber; }, z.core.$strip>>; }, z.core.$strip>; policy: { ...; }; }' but required in type '{ readonly version: number; readonly input: ZodObject<{}, $strip>; readonly output: ZodObject<{ passages: ZodArray<ZodObject<{ id: ZodString; text: ZodString; score: ZodNumber; }, $strip>>; }, $strip>; readonly config?: ZodObject<...>; readonly effect: Effect; readonly dryRun?: never; readonly policy: Policy; }'.

// An effect that was renamed.
defineStep('old', { version: 1, input: z.object({}), output: Passages, effect: 'external', policy: once });
//! TS2322 Type '"external"' is not assignable to type 'Effect'.

// A dry run of a step that only reads.
defineStep('reading', { version: 1, input: z.object({}), output: Passages, effect: 'read', dryRun: { passages: [] }, policy: once });
//! TS2322 Type '{ passages: never[]; }' is not assignable to type '{ passages: never[]; } & WiringError<"only a step that declares effect: 'write' has a dryRun">'.
//!   Property 'wiringError' is missing in type '{ passages: never[]; }' but required in type 'WiringError<"only a step that declares effect: 'write' has a dryRun">'.

// A dry run of another shape than the output.
defineStep('writing', { version: 1, input: z.object({}), output: Passages, effect: 'write', dryRun: { passages: 1 }, policy: once });
//! TS2322 Type 'number' is not assignable to type '{ id: string; text: string; score: number; }[]'.
