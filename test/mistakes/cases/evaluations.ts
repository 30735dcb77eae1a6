/**
 * Mistakes in scorers, metrics and evaluations, as the compiler tells them.
 */
import { z } from 'zod';
import {
  defineDataset,
  defineEvaluation,
  defineHumanScorer,
  definePairScorer,
  defineScorer,
  metric,
} from '../../../src/index.ts';
import {
  cites,
  citesExpected,
  found,
  grounded,
  helpful,
  judgePair,
  preferred,
  questions,
  short,
} from '../../dsl/evaluated.ts';
import { judge, Question, supportBot, wide } from '../../dsl/example.ts';
import { otherVariant } from '../setup.ts';

// ---------------------------------------------------------------- scorers

const on = { pipeline: supportBot };

// Nothing wired to an input.
defineScorer('s', on, judge, ({ output }) => ({ answer: output.text }), { judge: true });
//! TS2741 Property 'passages' is missing in type '{ answer: Value<string>; }' but required in type 'Inputs<"s", { answer: string; passages: { id: string; text: string; score: number; }[]; }>'.

// An input that the step does not have.
defineScorer('s', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages, near: '' }), { judge: true });
//! TS2322 Type '{ answer: Value<string>; passages: Value<{ id: string; text: string; score: number; }[]>; near: ""; }' is not assignable to type '{ answer: Value<string>; passages: Value<{ id: string; text: string; score: number; }[]>; near: ""; } & WiringError<"'s' has no input 'near'">'.
//!   Property 'wiringError' is missing in type '{ answer: Value<string>; passages: Value<{ id: string; text: string; score: number; }[]>; near: ""; }' but required in type 'WiringError<"'s' has no input 'near'">'.

// Another kind.
defineScorer('s', on, judge, ({ output, ranked }) => ({ answer: output.citations, passages: ranked.passages }), { judge: true });
//! TS2322 Type 'Value<string[]>' is not assignable to type 'Input<"s", "answer", string>'.
//!   Type 'Value<string[]>' is not assignable to type 'Value<string>'.
//!     Type 'string[]' is not assignable to type 'string'.

// A node inside a map.
defineScorer('s', on, judge, ({ output, lookup }) => ({ answer: output.text, passages: lookup.passages }), { judge: true });
//! TS2339 Property 'lookup' does not exist on type 'RunScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & ... 4 more ... & Record<...>, { ...; }, NoDataset>'.

// What is expected, without a dataset.
defineScorer('s', on, citesExpected, ({ output, expected }) => ({ citations: output.citations, wanted: expected.citations }));
//! TS2339 Property 'expected' does not exist on type 'RunScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & ... 4 more ... & Record<...>, { ...; }, NoDataset>'.

// An expectation that the dataset lacks.
defineScorer('s', { ...on, dataset: questions }, citesExpected, ({ output, expected }) => ({ citations: output.citations, wanted: expected.urls }));
//! TS2339 Property 'urls' does not exist on type 'Value<{ citations: string[]; note?: string | undefined; }> & { readonly citations: Value<string[]>; readonly note: Value<string | undefined>; }'.

// An optional expectation for an input that has to be there.
defineScorer('s', { ...on, dataset: questions }, judge, ({ expected, ranked }) => ({ answer: expected.note, passages: ranked.passages }), { judge: true });
//! TS2322 Type 'Value<string | undefined>' is not assignable to type 'Input<"s", "answer", string>'.
//!   Type 'Value<string | undefined>' is not assignable to type 'Value<string>'.
//!     Type 'string | undefined' is not assignable to type 'string'.
//!       Type 'undefined' is not assignable to type 'string'.

// A dataset of another input.
defineScorer('s', { ...on, dataset: defineDataset('d', { input: z.object({ text: z.string() }), source: 'd.jsonl' }) }, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { judge: true });
//! TS2322 Type 'Dataset<{ text: string; }, unknown>' is not assignable to type 'Dataset<NoInfer<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>, unknown>'.
//!   Type '{ text: string; }' is missing the following properties from type '{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }': question, userId

// The config of another step.
defineScorer('s', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { judge: true, config: { topN: 3 } });
//! TS2353 Object literal may only specify known properties, and 'topN' does not exist in type '{ threshold?: number | undefined; }'.

// A step that reads something outside, without whether it judges.
defineScorer('s', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { config: { threshold: 0.4 } });
//! TS2345 Argument of type '{ config: { threshold: number; }; }' is not assignable to parameter of type '{ readonly config?: NoInfer<{ threshold?: number | undefined; }>; readonly scores?: ScoreOptions<NoInfer<{ passed: boolean; feedback: string; score: number; }>>; } & { ...; }'.
//!   Property 'judge' is missing in type '{ config: { threshold: number; }; }' but required in type '{ readonly judge: boolean; }'.

// A score that the step does not give.
defineScorer('s', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { judge: true, scores: { feedback: { better: 'higher' } } });
//! TS2353 Object literal may only specify known properties, and 'feedback' does not exist in type 'ScoreOptions<NoInfer<{ passed: boolean; feedback: string; score: number; }>>'.

// A pair judged by a step that names no winner.
definePairScorer('s', on, judge, ({ first }) => ({ answer: first.output.text, passages: first.ranked.passages }), { judge: true });
//! TS2345 Argument of type 'Step<{ answer: string; passages: { id: string; text: string; score: number; }[]; }, { passed: boolean; feedback: string; score: number; }, { threshold?: number | undefined; }, "read", { threshold: number; }>' is not assignable to parameter of type 'Step<{ answer: string; passages: { id: string; text: string; score: number; }[]; }, { readonly winner: "first" | "second" | "tie"; }, { threshold?: number | undefined; }, "read", unknown>'.
//!   Property 'winner' is missing in type '{ passed: boolean; feedback: string; score: number; }' but required in type '{ readonly winner: "first" | "second" | "tie"; }'.

// A node of a pair, of neither side.
definePairScorer('s', on, judgePair, ({ input, output, second }) => ({ question: input.question, first: output.text, second: second.output.text }), { judge: true });
//! TS2339 Property 'output' does not exist on type 'PairScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & ... 4 more ... & Record<...>, { ...; }, NoDataset>'.

// People asked with no question.
defineHumanScorer('s', on, { fields: z.object({ solved: z.boolean() }) }, ({ output }) => ({ answer: output.text }));
//! TS2345 Argument of type '{ fields: z.ZodObject<{ solved: z.ZodBoolean; }, z.core.$strip>; }' is not assignable to parameter of type 'Rubric<ZodObject<{ solved: ZodBoolean; }, $strip>> & { readonly scores?: ScoreOptions<{ solved: boolean; }>; }'.
//!   Property 'question' is missing in type '{ fields: z.ZodObject<{ solved: z.ZodBoolean; }, z.core.$strip>; }' but required in type 'Rubric<ZodObject<{ solved: ZodBoolean; }, $strip>>'.

// ---------------------------------------------------------------- metrics

const evaluation = { pipeline: supportBot, dataset: questions, variants: [wide], scorers: [grounded, cites, preferred, helpful] };

// A mean of a boolean.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(grounded).passed).increase()] }) });
//! TS2345 Argument of type 'Value<boolean>' is not assignable to parameter of type 'Value<number>'.
//!   Type 'boolean' is not assignable to type 'number'.

// A rate of a number.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.rate('m', score(grounded).score).increase()] }) });
//! TS2345 Argument of type 'Value<number>' is not assignable to parameter of type 'Value<boolean>'.
//!   Type 'number' is not assignable to type 'boolean'.

// A score that is text.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(grounded).feedback).increase()] }) });
//! TS2339 Property 'feedback' does not exist on type 'Value<Scores<{ passed: boolean; feedback: string; score: number; }>> & { readonly passed: Value<boolean>; readonly score: Value<number>; }'.

// A score that does not exist.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(cites).recal).increase()] }) });
//! TS2551 Property 'recal' does not exist on type 'Value<Scores<{ recall: number; whole: boolean; because: string; }>> & { readonly recall: Value<number>; readonly whole: Value<boolean>; }'. Did you mean 'recall'?

// A scorer that is none of the evaluation's.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(short).words).decrease()] }) });
//! TS2345 Argument of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' is not assignable to parameter of type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>> & WiringError<"'short' is none of this evaluation's scorers">'.
//!   Property 'wiringError' is missing in type 'Scorer<"short", "support-bot", unknown, Scores<{ words: number; sentences: number; }>>' but required in type 'WiringError<"'short' is none of this evaluation's scorers">'.

// A fact that runs do not have.
defineEvaluation('e', { ...evaluation, metrics: ({ run }) => ({ primary: [metric.mean('m', run.latency).decrease()] }) });
//! TS2551 Property 'latency' does not exist on type 'Value<{ latencyMs: number; costUsd: number; inputTokens: number; outputTokens: number; failed: boolean; degraded: boolean; }> & { readonly latencyMs: Value<number>; readonly costUsd: Value<...>; readonly inputTokens: Value<...>; readonly outputTokens: Value<...>; readonly failed: Value<...>; readonly degraded: Value...'. Did you mean 'latencyMs'?

// A mean of a pair's score.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(preferred).win).increase()] }) });
//! TS2345 Argument of type 'Value<Win>' is not assignable to parameter of type 'Value<number>'.
//!   Type 'string' is not assignable to type 'number'.
//!     Type 'string' is not assignable to type 'number'.

// A win rate of what is no pair.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.winRate('m', score(cites)).increase()] }) });
//! TS2345 Argument of type 'Value<Scores<{ recall: number; whole: boolean; because: string; }>> & { readonly recall: Value<number>; readonly whole: Value<boolean>; }' is not assignable to parameter of type 'Value<PairScore>'.
//!   Types of property '[VALUE]' are incompatible.
//!     Property 'win' is missing in type 'Scores<{ recall: number; whole: boolean; because: string; }>' but required in type 'PairScore'.

// A guardrail as the primary metric.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(cites).recall).noWorseThan(0.1)] }) });
//! TS2322 Type 'Metric<"guardrail">' is not assignable to type 'Metric<"primary">'.
//!   Type '"guardrail"' is not assignable to type '"primary"'.

// A primary metric that does not say which way.
defineEvaluation('e', { ...evaluation, metrics: ({ score }) => ({ primary: [metric.mean('m', score(cites).recall)] }) });
//! TS2322 Type 'OpenMetric' is not assignable to type 'Metric<"primary">'.
//!   Types of property 'role' are incompatible.
//!     Type '"secondary"' is not assignable to type '"primary"'.

// No primary metric.
defineEvaluation('e', { ...evaluation, metrics: ({ run }) => ({ guardrails: [metric.mean('m', run.costUsd).noWorseThan(0.1)] }) });
//! TS2741 Property 'primary' is missing in type '{ guardrails: Metric<"guardrail">[]; }' but required in type 'Goals'.

// A share above nothing.
defineEvaluation('e', { ...evaluation, metrics: ({ run }) => ({ primary: [metric.share('m', run.latencyMs, {}).decrease()] }) });
//! TS2741 Property 'above' is missing in type '{}' but required in type '{ readonly above: number; }'.

// ---------------------------------------------------------------- evaluations

const metrics = () => ({ primary: [] });

// A variant of another pipeline.
defineEvaluation('e', { ...evaluation, metrics, variants: [otherVariant] });
//! TS2322 Type 'Variant<"other-bot", "other"> & Pipeline<"other-bot", { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"ranked", { ...; }>, Record<...>, { ...; }>' is not assignable to type 'Variant<"support-bot", string>'.
//!   Types of property 'variantOf' are incompatible.
//!     Type '"other-bot"' is not assignable to type '"support-bot"'.

// A baseline of another pipeline.
defineEvaluation('e', { ...evaluation, metrics, baseline: otherVariant });
//! TS2322 Type 'Variant<"other-bot", "other"> & Pipeline<"other-bot", { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"ranked", { ...; }>, Record<...>, { ...; }>' is not assignable to type 'AnyPipeline & { readonly id: "support-bot"; }'.
//!   Type 'Variant<"other-bot", "other"> & Pipeline<"other-bot", { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"ranked", { ...; }>, Record<...>, { ...; }>' is not assignable to type '{ readonly id: "support-bot"; }'.
//!     Types of property 'id' are incompatible.
//!       Type '"other-bot"' is not assignable to type '"support-bot"'.

// A scorer of another pipeline.
defineEvaluation('e', { ...evaluation, metrics, scorers: [grounded, found] });
//! TS2322 Type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>>' is not assignable to type 'Scorer<string, "support-bot", { citations: string[]; note?: string | undefined; }, unknown>'.
//!   Type '"pages-only"' is not assignable to type '"support-bot"'.

// A dataset of another input.
defineEvaluation('e', { ...evaluation, metrics, dataset: defineDataset('d', { input: z.object({ text: z.string() }), source: 'd.jsonl' }) });
//! TS2322 Type 'Dataset<{ text: string; }, unknown>' is not assignable to type 'Dataset<NoInfer<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>, unknown>'.
//!   Type '{ text: string; }' is missing the following properties from type '{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }': question, userId

// A dataset that lacks what a scorer reads.
defineEvaluation('e', { pipeline: supportBot, metrics, variants: [], scorers: [cites], dataset: defineDataset('d', { input: Question, source: 'd.jsonl' }) });
//! TS2322 Type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' is not assignable to type 'Scorer<string, "support-bot", unknown, unknown>'.
//!   Type 'unknown' is not assignable to type '{ citations: string[]; note?: string | undefined; }'.

// A split that datasets do not have.
defineEvaluation('e', { ...evaluation, metrics, split: 'test' });
//! TS2322 Type '"test"' is not assignable to type '"all" | "dev" | "final"'.
