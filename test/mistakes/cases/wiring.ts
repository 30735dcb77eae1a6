/**
 * Mistakes in wiring, as the compiler tells them. Under each stand its words, after `//!`; the test compares them.
 */
import { z } from 'zod';
import { definePipeline } from '../../../src/index.ts';
import { decline, fuse, keywordSearch, Passages, Question, rerank, understand } from '../../dsl/example.ts';
import { base, searched } from '../setup.ts';

// An input is missing.
searched.step('ranked', rerank, ({ understood }) => ({ query: understood.standalone }));
//! TS2741 Property 'passages' is missing in type '{ query: Value<string>; }' but required in type 'Inputs<"ranked", { query: string; passages: { id: string; text: string; score: number; }[]; }>'.

// The wrong kind of value.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.queries }));
//! TS2322 Type 'Value<string[]>' is not assignable to type 'Input<"keyword", "query", string>'.
//!   Type 'Value<string[]>' is not assignable to type 'Value<string>'.
//!     Type 'string[]' is not assignable to type 'string'.

// A literal of the wrong kind.
base.step('keyword', keywordSearch, () => ({ query: 3 }));
//! TS2322 Type 'number' is not assignable to type 'Input<"keyword", "query", string>'.

// A list where a list of lists is wanted, one level down.
searched.step('fused', fuse, ({ keyword }) => ({ lists: [keyword.passages] }));
//! TS2322 Type 'Value<{ id: string; text: string; score: number; }[]>' is not assignable to type 'Wire<{ id: string; text: string; score: number; }[][]>'.
//!   Type 'Value<{ id: string; text: string; score: number; }[]>' is not assignable to type 'Value<{ id: string; text: string; score: number; }[][]>'.
//!     Type '{ id: string; text: string; score: number; }[]' is not assignable to type '{ id: string; text: string; score: number; }[][]'.
//!       Type '{ id: string; text: string; score: number; }' is missing the following properties from type '{ id: string; text: string; score: number; }[]': length, pop, push, concat, and 35 more.

// An optional output into a required input.
definePipeline('p', Question).step('refusal', decline, ({ input }) => ({ question: input.question, related: input.history }));
//! TS2322 Type 'Value<{ role: "assistant" | "user"; text: string; }[] | undefined>' is not assignable to type 'Input<"refusal", "related", { id: string; text: string; score: number; }[]>'.
//!   Type 'Value<{ role: "assistant" | "user"; text: string; }[] | undefined>' is not assignable to type 'Value<{ id: string; text: string; score: number; }[]>'.
//!     Type '{ role: "assistant" | "user"; text: string; }[] | undefined' is not assignable to type '{ id: string; text: string; score: number; }[]'.
//!       Type 'undefined' is not assignable to type '{ id: string; text: string; score: number; }[]'.

// undefined for an optional input.
base.step('again', understand, () => ({ question: '', history: undefined }));
//! TS2375 Type '{ question: ""; history: undefined; }' is not assignable to type 'Inputs<"again", { question: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>' with 'exactOptionalPropertyTypes: true'. Consider adding 'undefined' to the types of the target's properties.
//!   Types of property 'history' are incompatible.
//!     Type 'undefined' is not assignable to type 'Input<"again", "history", { role: "assistant" | "user"; text: string; }[] | undefined>'.

// A node that is not defined yet, or would close a cycle.
base.step('ranked', rerank, ({ understood, fused }) => ({ query: understood.standalone, passages: fused.passages }));
//! TS2339 Property 'fused' does not exist on type 'Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>'.

// A misspelt field.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalon }));
//! TS2551 Property 'standalon' does not exist on type 'Value<{ standalone: string; queries: string[]; answerable: boolean; }> & { readonly standalone: Value<string>; readonly queries: Value<string[]>; readonly answerable: Value<boolean>; }'. Did you mean 'standalone'?

// An extra key.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone, topk: 3 }));
//! TS2322 Type '{ query: Value<string>; topk: 3; }' is not assignable to type '{ query: Value<string>; topk: 3; } & WiringError<"'keyword' has no input 'topk'">'.
//!   Property 'wiringError' is missing in type '{ query: Value<string>; topk: 3; }' but required in type 'WiringError<"'keyword' has no input 'topk'">'.

// Entering a list.
searched.step('again', keywordSearch, ({ keyword }) => ({ query: keyword.passages[0].text }));
//! TS7053 Element implicitly has an 'any' type because expression of type '0' can't be used to index type 'Value<{ id: string; text: string; score: number; }[]>'.
//!   Property '0' does not exist on type 'Value<{ id: string; text: string; score: number; }[]>'.

// Asking a list for its length.
searched.step('ranked', rerank, ({ keyword }) => ({ query: '', passages: keyword.passages.length > 3 ? keyword.passages : [] }));
//! TS2339 Property 'length' does not exist on type 'Value<{ id: string; text: string; score: number; }[]>'.

// Entering an object that may be absent.
definePipeline('p', z.object({ user: z.object({ name: z.string() }).optional() })).step('keyword', keywordSearch, ({ input }) => ({ query: input.user.name }));
//! TS2339 Property 'name' does not exist on type 'Value<{ name: string; } | undefined>'.

// A method of what a ref stands for.
base.step('keyword', keywordSearch, ({ understood }) => ({ query: understood.standalone.trim() }));
//! TS2339 Property 'trim' does not exist on type 'Value<string>'.

// An output at another type.
searched.output(z.object({ text: z.array(z.string()) }), ({ understood }) => ({ text: understood.standalone }));
//! TS2322 Type 'Value<string>' is not assignable to type 'Input<"output", "text", string[]>'.
//!   Type 'Value<string>' is not assignable to type 'Value<string[]>'.
//!     Type 'string' is not assignable to type 'string[]'.

// An extra key of the output.
searched.output(Passages, ({ keyword }) => ({ passages: keyword.passages, count: 1 }));
//! TS2322 Type '{ passages: Value<{ id: string; text: string; score: number; }[]>; count: 1; }' is not assignable to type '{ passages: Value<{ id: string; text: string; score: number; }[]>; count: 1; } & WiringError<"'output' has no input 'count'">'.
//!   Property 'wiringError' is missing in type '{ passages: Value<{ id: string; text: string; score: number; }[]>; count: 1; }' but required in type 'WiringError<"'output' has no input 'count'">'.
