/**
 * Mistakes in datasets, and in handing them to what needs others, as the compiler tells them.
 */
import { z } from 'zod';
import { type Dataset, defineDataset } from '../../../src/index.ts';
import { Question } from '../../dsl/example.ts';

const Expected = z.object({ citations: z.array(z.string()) });
declare function evaluate(dataset: Dataset<z.output<typeof Question>, { citations: string[] }>): void;

// A dataset of another input.
evaluate(defineDataset('other', { input: z.object({ text: z.string() }), expected: Expected, source: 'other.jsonl' }));
//! TS2345 Argument of type 'Dataset<{ text: string; }, { citations: string[]; }>' is not assignable to parameter of type 'Dataset<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, { citations: string[]; }>'.
//!   Type '{ text: string; }' is missing the following properties from type '{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }': question, userId

// An expectation that the dataset lacks.
evaluate(defineDataset('other', { input: Question, expected: z.object({ answer: z.string() }), source: 'other.jsonl' }));
//! TS2345 Argument of type 'Dataset<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, { answer: string; }>' is not assignable to parameter of type 'Dataset<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, { citations: string[]; }>'.
//!   Property 'citations' is missing in type '{ answer: string; }' but required in type '{ citations: string[]; }'.

// A dataset that expects nothing.
evaluate(defineDataset('other', { input: Question, source: 'other.jsonl' }));
//! TS2345 Argument of type 'Dataset<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, unknown>' is not assignable to parameter of type 'Dataset<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, { citations: string[]; }>'.
//!   Type 'unknown' is not assignable to type '{ citations: string[]; }'.

// An input that is no object.
defineDataset('other', { input: z.string(), source: 'other.jsonl' });
//! TS2740 Type 'ZodString' is missing the following properties from type 'ZodObject<$ZodLooseShape, $strip>': shape, keyof, catchall, passthrough, and 11 more.

// No file.
defineDataset('other', { input: Question, expected: Expected });
//! TS2741 Property 'source' is missing in type '{ input: z.ZodObject<{ question: z.ZodString; userId: z.ZodString; history: z.ZodOptional<z.ZodArray<z.ZodObject<{ role: z.ZodEnum<{ assistant: "assistant"; user: "user"; }>; text: z.ZodString; }, z.core.$strip>>>; }, z.core.$strip>; expected: z.ZodObject<...>; }' but required in type '{ readonly input: ZodObject<{ question: ZodString; userId: ZodString; history: ZodOptional<ZodArray<ZodObject<{ role: ZodEnum<{ assistant: "assistant"; user: "user"; }>; text: ZodString; }, $strip>>>; }, $strip>; readonly expected?: ZodObject<...>; readonly source: string; }'.

// A misspelt key.
defineDataset('other', { input: Question, expects: Expected, source: 'other.jsonl' });
//! TS2353 Object literal may only specify known properties, and 'expects' does not exist in type '{ readonly input: ZodObject<{ question: ZodString; userId: ZodString; history: ZodOptional<ZodArray<ZodObject<{ role: ZodEnum<{ assistant: "assistant"; user: "user"; }>; text: ZodString; }, $strip>>>; }, $strip>; readonly expected?: never; readonly source: string; }'.
