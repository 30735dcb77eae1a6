/**
 * Mistakes in edits, as the compiler tells them.
 */
import { z } from 'zod';
import type { SluiceClient } from '../../../src/client.ts';
import { definePipeline, defineStep } from '../../../src/index.ts';
import { countHits, draftAnswer, rerank, supportBot } from '../../dsl/example.ts';
import { otherVariant } from '../setup.ts';

// An unknown node.
supportBot.variant('v', (edit) => edit.configure('reranked', { topN: 3 }));
//! TS2345 Argument of type '"reranked"' is not assignable to parameter of type '"answer" | "check" | "draft" | "fused" | "keyword" | "lookup" | "ranked" | "refusal" | "related" | "related/hits" | "related/picked" | "reply" | "understood" | "vector"'.

// A swap to a step that needs more.
supportBot.variant('v', (edit) => edit.swap('keyword', rerank));
//! TS2345 Argument of type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, { topN?: number | undefined; model?: string | undefined; }, "read", { ...; }>' is not assignable to parameter of type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, { topN?: number | undefined; model?: string | undefined; }, Effect, unknown> & WiringError<...>'.
//!   Property 'wiringError' is missing in type 'Step<{ query: string; passages: { id: string; text: string; score: number; }[]; }, { passages: { id: string; text: string; score: number; }[]; }, { topN?: number | undefined; model?: string | undefined; }, "read", { ...; }>' but required in type 'WiringError<"node 'keyword' is not wired to supply 'passages'">'.

// A swap to a step that produces something else.
supportBot.variant('v', (edit) => edit.swap('keyword', countHits));
//! TS2345 Argument of type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' is not assignable to parameter of type 'Step<{ query: string; }, { passages: number; }, NoFields, Effect, unknown> & WiringError<"node 'keyword' must still produce 'passages' at its old type">'.
//!   Property 'wiringError' is missing in type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' but required in type 'WiringError<"node 'keyword' must still produce 'passages' at its old type">'.

// A swap of a whole loop.
supportBot.variant('v', (edit) => edit.swap('answer', draftAnswer));
//! TS2345 Argument of type '"answer"' is not assignable to parameter of type '"answer" & WiringError<"'answer' is a repeat, branch, map or use: it holds nodes and is no step itself">'.
//!   Type 'string' is not assignable to type 'WiringError<"'answer' is a repeat, branch, map or use: it holds nodes and is no step itself">'.

// The config of another step.
supportBot.variant('v', (edit) => edit.configure('ranked', { topK: 3 }));
//! TS2353 Object literal may only specify known properties, and 'topK' does not exist in type 'Partial<{ topN?: number | undefined; model?: string | undefined; }>'.

// A rewire to a later node.
supportBot.variant('v', (edit) => edit.rewire('keyword', ({ ranked }) => ({ query: ranked.query })));
//! TS2339 Property 'ranked' does not exist on type 'Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & Record<...>, Nothing>'.

// A rewire with the wrong kind.
supportBot.variant('v', (edit) => edit.rewire('keyword', ({ understood }) => ({ query: understood.queries })));
//! TS2322 Type 'Value<string[]>' is not assignable to type 'Input<"keyword", "query", string>'.
//!   Type 'Value<string[]>' is not assignable to type 'Value<string>'.
//!     Type 'string[]' is not assignable to type 'string'.

// A rewire with an extra key.
supportBot.variant('v', (edit) => edit.rewire('keyword', () => ({ query: '', near: '' })));
//! TS2322 Type '{ query: ""; near: ""; }' is not assignable to type '{ query: ""; near: ""; } & WiringError<"'keyword' has no input 'near'">'.
//!   Property 'wiringError' is missing in type '{ query: ""; near: ""; }' but required in type 'WiringError<"'keyword' has no input 'near'">'.

// A replace by a step that produces something else.
supportBot.variant('v', (edit) => edit.replace('keyword', countHits, ({ understood }) => ({ query: understood.standalone })));
//! TS2345 Argument of type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' is not assignable to parameter of type 'Step<{ query: string; }, { passages: number; }, NoFields, Effect, unknown> & WiringError<"node 'keyword' must still produce 'passages' at its old type">'.
//!   Property 'wiringError' is missing in type 'Step<{ query: string; }, { passages: number; }, NoFields, "read", NoFields>' but required in type 'WiringError<"node 'keyword' must still produce 'passages' at its old type">'.

// An edit inside a used pipeline, without its prefix.
supportBot.variant('v', (edit) => edit.configure('picked', { topN: 2 }));
//! TS2345 Argument of type '"picked"' is not assignable to parameter of type '"answer" | "check" | "draft" | "fused" | "keyword" | "lookup" | "ranked" | "refusal" | "related" | "related/hits" | "related/picked" | "reply" | "understood" | "vector"'.

// The options of a step, given to a loop.
supportBot.variant('v', (edit) => edit.options('answer', { attempts: 2 }));
//! TS2353 Object literal may only specify known properties, and 'attempts' does not exist in type 'Partial<RepeatSettings>'.

// The options of a branch.
supportBot.variant('v', (edit) => edit.options('reply', { max: 2 }));
//! TS2353 Object literal may only specify known properties, and 'max' does not exist in type 'WiringError<"a branch or a use has no options of its own">'.

// The local lane, by an edit.
supportBot.variant('v', (edit) => edit.options('ranked', { lane: 'local' }));
//! TS2322 Type '"local"' is not assignable to type '"activity" | WiringError<"lane 'local' needs a step that declares effect: 'none'">'.

// A variant of another pipeline.
supportBot.variant('v', (edit) => edit.include(otherVariant));
//! TS2345 Argument of type 'Variant<"other-bot", "other"> & Pipeline<"other-bot", { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"ranked", { ...; }>, Record<...>, { ...; }>' is not assignable to parameter of type 'Variant<"support-bot", string>'.
//!   Types of property 'variantOf' are incompatible.
//!     Type '"other-bot"' is not assignable to type '"support-bot"'.

// A shadow of a pipeline that writes, in a map, where nothing stands for what it would write.
declare const client: Pick<SluiceClient, 'startShadow'>;
const text = z.object({ text: z.string() });
const once = { attempts: 1, timeout: '1 second' } as const;
const mail = defineStep('mail', { version: 1, input: text, output: text, effect: 'write', policy: once });
const mailing = definePipeline('mailing', z.object({ texts: z.array(z.string()) }))
  .map('each', z.string(), ({ input }) => input.texts, { max: 5, concurrency: 1, whenOver: 'fail' }, (each) =>
    each.step('sent', mail, ({ item }) => ({ text: item })).yield(({ sent }) => sent.text),
  )
  .output(z.object({ texts: z.array(z.string()) }), ({ each }) => ({ texts: each }))
  .variant('slow', (edit) => edit.options('sent', { timeout: '2 seconds' }));
client.startShadow(mailing, { share: 0.1, by: 'ada' });
//! TS2345 Argument of type 'Variant<"mailing", "slow"> & Pipeline<"mailing", { texts: string[]; }, Record<"each", string[]>, Record<"each", Container<MapSettings>> & Record<...>, { ...; }>' is not assignable to parameter of type 'Variant<"mailing", "slow"> & Pipeline<"mailing", { texts: string[]; }, Record<"each", string[]>, Record<"each", Container<MapSettings>> & Record<...>, { ...; }> & WiringError<...>'.
//!   Property 'wiringError' is missing in type 'Variant<"mailing", "slow"> & Pipeline<"mailing", { texts: string[]; }, Record<"each", string[]>, Record<"each", Container<MapSettings>> & Record<...>, { ...; }>' but required in type 'WiringError<"node 'sent' writes, and its step has no dryRun to stand for it">'.
