/**
 * Mistakes in experiments, as the compiler tells them.
 */
import { defineExperiment, metric } from '../../../src/index.ts';
import { cites, found, grounded, short } from '../../dsl/evaluated.ts';
import { imagined, supportBot, wide } from '../../dsl/example.ts';
import { otherVariant } from '../setup.ts';

const traffic = { share: 0.2, weights: { baseline: 0.5, wide: 0.5 } };
const failing = ({ run }: { run: { failed: Parameters<typeof metric.rate>[1] } }) => ({ primary: [metric.rate('failed', run.failed).decrease()] as const });
const experiment = { pipeline: supportBot, variants: [wide], traffic };

// ---------------------------------------------------------------- traffic

// A variant of another pipeline.
defineExperiment('e', { ...experiment, metrics: failing, variants: [otherVariant], traffic: { share: 1, weights: { baseline: 0.5, other: 0.5 } } });
//! TS2322 Type 'Variant<"other-bot", "other"> & Pipeline<"other-bot", { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"ranked", { ...; }>, Record<...>, { ...; }>' is not assignable to type 'Variant<"support-bot", "other">'.
//!   Types of property 'variantOf' are incompatible.
//!     Type '"other-bot"' is not assignable to type '"support-bot"'.

// An arm without a weight.
defineExperiment('e', { ...experiment, metrics: failing, variants: [wide, imagined], traffic: { share: 1, weights: { baseline: 0.5, wide: 0.5 } } });
//! TS2741 Property 'imagined' is missing in type '{ baseline: number; wide: number; }' but required in type 'Weights<"imagined" | "wide">'.

// The weight of an arm that there is not.
defineExperiment('e', { ...experiment, metrics: failing, traffic: { share: 1, weights: { baseline: 0.5, wide: 0.25, wise: 0.25 } } });
//! TS2353 Object literal may only specify known properties, and 'wise' does not exist in type 'Weights<"wide">'.

// A unit with an arm that there is not.
defineExperiment('e', { ...experiment, metrics: failing, overrides: { 'user-1': 'wise' } });
//! TS2322 Type '"wise"' is not assignable to type '"baseline" | "wide"'.

// Randomising by what is no text.
defineExperiment('e', { ...experiment, metrics: failing, unit: ({ input }) => input.history });
//! TS2322 Type '({ input }: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<{ role: "assistant" | "user"; text: string; }[] | undefined>' is not assignable to type '(scope: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<string>'.
//!   Type 'Value<{ role: "assistant" | "user"; text: string; }[] | undefined>' is not assignable to type 'Value<string>'.
//!     Type '{ role: "assistant" | "user"; text: string; }[] | undefined' is not assignable to type 'string'.
//!       Type 'undefined' is not assignable to type 'string'.

// Randomising by what the input does not have.
defineExperiment('e', { ...experiment, metrics: failing, unit: ({ input }) => input.user });
//! TS2339 Property 'user' does not exist on type 'Value<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }> & { readonly question: Value<string>; readonly userId: Value<string>; readonly history: Value<...>; }'.

// Aiming at what is no boolean.
defineExperiment('e', { ...experiment, metrics: failing, target: ({ input }) => input.question });
//! TS2322 Type '({ input }: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<string>' is not assignable to type '(scope: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<boolean>'.
//!   Type 'Value<string>' is not assignable to type 'Value<boolean>'.
//!     Type 'string' is not assignable to type 'boolean'.

// Deciding the arm by what only the run will know.
defineExperiment('e', { ...experiment, metrics: failing, target: ({ understood }) => understood.answerable });
//! TS2339 Property 'understood' does not exist on type 'InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>'.

// ---------------------------------------------------------------- scorers

// A scorer that reads what is expected.
defineExperiment('e', { ...experiment, metrics: failing, scorers: [grounded, cites] });
//! TS2322 Type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' is not assignable to type 'Scorer<"grounded", "support-bot", unknown, Scores<{ passed: boolean; feedback: string; score: number; }>> | (Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<...>> & WiringError<...>) | (Scorer<...> & WiringError<...>)'.
//!   Type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' is not assignable to type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>> & WiringError<"scorer 'cites' reads an example, which a live run does not have">'.
//!     Property 'wiringError' is missing in type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' but required in type 'WiringError<"scorer 'cites' reads an example, which a live run does not have">'.

// The same on some of the runs.
defineExperiment('e', { ...experiment, metrics: failing, scorers: [{ scorer: cites, sample: 0.1 }] });
//! TS2322 Type '{ scorer: Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>; sample: number; }' is not assignable to type '{ scorer: Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>; sample: number; } & WiringError<...>'.
//!   Property 'wiringError' is missing in type '{ scorer: Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>; sample: number; }' but required in type 'WiringError<"scorer 'cites' reads an example, which a live run does not have">'.

// A scorer of another pipeline.
defineExperiment('e', { ...experiment, metrics: failing, scorers: [found] });
//! TS2322 Type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>>' is not assignable to type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>> & WiringError<"scorer 'found' is of 'pages-only', not of 'support-bot'">'.
//!   Property 'wiringError' is missing in type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>>' but required in type 'WiringError<"scorer 'found' is of 'pages-only', not of 'support-bot'">'.

// ---------------------------------------------------------------- metrics

// A node that the pipeline does not have.
defineExperiment('e', { ...experiment, metrics: ({ nodes }) => ({ primary: [metric.rate('m', nodes.understod.answerable).increase()] }) });
//! TS2551 Property 'understod' does not exist on type 'ShownNodes<Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & Record<"vector", { id: string; text: string; score: number; }[][]> & Record<"keyword", { ...; }> & Record<...> & Record<...> & Record<...>>'. Did you mean 'understood'?

// A node inside a map.
defineExperiment('e', { ...experiment, metrics: ({ nodes }) => ({ primary: [metric.rate('m', nodes.lookup.passages).increase()] }) });
//! TS2339 Property 'lookup' does not exist on type 'ShownNodes<Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & Record<"vector", { id: string; text: string; score: number; }[][]> & Record<"keyword", { ...; }> & Record<...> & Record<...> & Record<...>>'.

// A field that the node does not give.
defineExperiment('e', { ...experiment, metrics: ({ nodes }) => ({ primary: [metric.rate('m', nodes.understood.answerabl).increase()] }) });
//! TS2551 Property 'answerabl' does not exist on type 'Value<{ standalone: string; queries: string[]; answerable: boolean; }> & { readonly standalone: Value<string>; readonly queries: Value<string[]>; readonly answerable: Value<boolean>; }'. Did you mean 'answerable'?

// A mean of text.
defineExperiment('e', { ...experiment, metrics: ({ output }) => ({ primary: [metric.mean('m', output.text).increase()] }) });
//! TS2345 Argument of type 'Value<string>' is not assignable to parameter of type 'Value<number>'.
//!   Type 'string' is not assignable to type 'number'.

// The scores of a scorer that is not listed.
defineExperiment('e', { ...experiment, scorers: [grounded], metrics: ({ score }) => ({ primary: [metric.mean('m', score(short).words).decrease()] }) });
//! TS2345 Argument of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' is not assignable to parameter of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>> & WiringError<"'short' is none of this experiment's scorers">'.
//!   Property 'wiringError' is missing in type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' but required in type 'WiringError<"'short' is none of this experiment's scorers">'.

// The same where none is listed.
defineExperiment('e', { ...experiment, metrics: ({ score }) => ({ primary: [metric.mean('m', score(short).words).decrease()] }) });
//! TS2345 Argument of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' is not assignable to parameter of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>> & WiringError<"'short' is none of this experiment's scorers">'.
//!   Property 'wiringError' is missing in type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' but required in type 'WiringError<"'short' is none of this experiment's scorers">'.

// Something that people do not say.
defineExperiment('e', { ...experiment, metrics: ({ feedback }) => ({ primary: [metric.rate('m', feedback.thumbsDown).decrease()] }) });
//! TS2339 Property 'thumbsDown' does not exist on type 'Value<{ thumb: number; up: boolean; down: boolean; score: number; rated: boolean; }> & { readonly thumb: Value<number>; readonly up: Value<boolean>; readonly down: Value<boolean>; readonly score: Value<...>; readonly rated: Value<...>; }'.

// Two metrics that decide.
defineExperiment('e', { ...experiment, metrics: ({ run }) => ({ primary: [metric.rate('f', run.failed).decrease(), metric.mean('c', run.costUsd).decrease()] }) });
//! TS2322 Type '[Metric<"primary">, Metric<"primary">]' is not assignable to type 'readonly [Metric<"primary">]'.
//!   Source has 2 element(s) but target allows only 1.

// A quantile that decides.
defineExperiment('e', { ...experiment, metrics: ({ run }) => ({ primary: [metric.quantile('p95', 0.95, run.latencyMs).decrease()] }) });
//! TS2339 Property 'decrease' does not exist on type 'ShownMetric'.

// A quantile that may not get worse.
defineExperiment('e', { ...experiment, metrics: ({ run }) => ({ primary: [metric.rate('f', run.failed).decrease()], guardrails: [metric.quantile('p95', 0.95, run.latencyMs)] }) });
//! TS2322 Type 'ShownMetric' is not assignable to type 'Metric<"guardrail">'.
//!   Types of property 'role' are incompatible.
//!     Type '"secondary"' is not assignable to type '"guardrail"'.

// A sum that anybody may run away with.
defineExperiment('e', { ...experiment, metrics: ({ feedback }) => ({ primary: [metric.sum('m', feedback.thumb).increase()] }) });
//! TS2554 Expected 3 arguments, but got 2.

// ---------------------------------------------------------------- settings

// A duration without a unit.
defineExperiment('e', { ...experiment, metrics: failing, windows: { feedback: '24' } });
//! TS2322 Type '"24"' is not assignable to type '`${number} day` | `${number} days` | `${number} hour` | `${number} hours` | `${number} minute` | `${number} minutes` | `${number} ms` | `${number} second` | `${number} seconds` | undefined'.

// An approval that there is not.
defineExperiment('e', { ...experiment, metrics: failing, rollout: { approval: 'me' } });
//! TS2322 Type '"me"' is not assignable to type '"auto" | "manual" | undefined'.
