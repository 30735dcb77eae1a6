/**
 * The steps that ask a model. Which one is config: `openai/...` and `cohere/...` are served and paid by token, `local/...`
 * are algorithms of this project that need no key. What the steps do with either is in `activities/`.
 */
import { z } from 'zod';
import { defineStep } from '../index.ts';
import { Citation, LIST_LENGTH, PassageList, Passages, Question, Turn } from '../model/step-schemas.ts';
import { ENHANCE, GENERATE, HYDE, INTENTS, prompt, RERANK, REVISE, VALIDATE } from './prompts.ts';

/** Providers answer 429 and 5xx for seconds to minutes; where they say how long, that is waited for instead. */
export const backoff = { first: '1 second', factor: 2, max: '20 seconds' } as const;

/** @param own this project's algorithm for the step, and its default unless another is given */
export const model = (own: `local/${string}`, preset: string = own) =>
  z
    .string()
    .max(200)
    .regex(new RegExp(`^(?:(?:openai|cohere)/.+|${own})$`), `name a model: openai/..., cohere/... or ${own}`)
    .default(preset);
/** Left out: the provider's default, since some models take no other. */
export const temperature = z.number().min(0).max(2).optional();
/** What is paid for at most, thinking included; a reply that is cut by it is a failed attempt. */
export const maxOutputTokens = (most: number) => z.int().min(16).max(100_000).default(most);
const history = z.array(Turn).max(50).optional();
/** Of the conversation, its last turns that fit. */
const historyTokens = z.int().min(0).max(100_000).default(4_000);
export const text = z.string().max(10_000);
export const topN = z.int().min(1).max(LIST_LENGTH).default(8);

const Enhanced = z.object({
  /** The question with what it refers to in the conversation. */
  standalone: text,
  /** ISO 639-1, or `und` if unknown. */
  language: z.string().max(35),
  /** Labels out of those of the config; rules give none. */
  intents: z.array(z.string()).max(5),
  keywords: z.array(z.string()).max(12),
  subQueries: z.array(z.string()).max(5),
  searchQueries: z.array(z.string()).max(5),
  /** All that is worth searching for, the question itself first, none for the same words as another. */
  queries: z.array(text).min(1).max(20),
  /** False where no documentation could help; rules leave that to the check of the answer. */
  answerable: z.boolean(),
});

const enhancing = {
  input: z.object({ question: Question.shape.question, history }),
  effect: 'read',
  policy: { attempts: 3, timeout: '30 seconds', backoff },
} as const;

const enhancement = (template: string) =>
  z.object({
    model: model('local/rules'),
    prompt: prompt(template, ['subject', 'documentsLanguage', 'intents']),
    subject: z.string().max(200).default('a software product'),
    documentsLanguage: z.string().max(50).default('English'),
    /** Labels, and what each means. */
    intents: z.record(z.string().max(50), z.string().max(300)).default(INTENTS),
    maxQueries: z.int().min(1).max(20).default(4),
    historyTokens,
    temperature,
    maxOutputTokens: maxOutputTokens(2_000),
  });

/** A question made searchable: on its own, without the conversation, in its parts, and in the documents' words. */
export const enhanceQuery = defineStep('enhanceQuery', {
  ...enhancing,
  version: 2,
  output: Enhanced,
  config: enhancement(ENHANCE),
});

/**
 * The same, and a passage as the answer might have it: it is nearer to the true one than the question is (Gao and
 * others, "Precise Zero-Shot Dense Retrieval without Relevance Labels", ACL 2023). Rules imagine none.
 */
export const hydeQuery = defineStep('hydeQuery', {
  ...enhancing,
  version: 1,
  output: Enhanced.extend({ passage: z.string().max(4_096) }),
  config: enhancement(HYDE),
});

/**
 * The best of a list, looked at more closely: by a reranker (`cohere/rerank-...`), by any other served model, which is
 * shown the list and gives an order, or by `local/lexical`. That one is tuned on the documentation of `ai`: on other
 * documents it can be worse than the order that it is given, so measure it first.
 */
export const rerank = defineStep('rerank', {
  version: 2,
  input: z.object({ query: text, passages: PassageList }),
  output: Passages,
  config: z.object({
    model: model('local/lexical'),
    topN,
    /** For models that are no rerankers: passages shown to them; those behind keep their order. */
    maxShown: z.int().min(1).max(LIST_LENGTH).default(30),
    prompt: prompt(RERANK, ['topN']),
    temperature,
    maxOutputTokens: maxOutputTokens(2_000),
  }),
  effect: 'read',
  policy: { attempts: 3, timeout: '20 seconds', backoff },
});

const Draft = z.object({
  text: z.string(),
  citations: z.array(Citation),
  /** False where no passage speaks of what is asked. */
  answered: z.boolean(),
  /** Ids of passages that did not fit into the context: the draft knows nothing of them. */
  leftOut: z.array(z.string()).max(LIST_LENGTH),
  /** Numbers that the model cited and no passage has; they are kept out of the text. */
  unknownCitations: z.array(z.int()).max(LIST_LENGTH),
});

/** An answer from passages alone, each sentence with the numbers of those it rests on. */
export const generate = defineStep('generate', {
  version: 2,
  input: z.object({
    question: text,
    passages: PassageList,
    /** What a check asks of this draft; empty for the first. */
    feedback: text,
    history,
    /** As `enhanceQuery` tells them. */
    language: z.string().max(35).optional(),
    intents: z.array(z.string()).max(5).optional(),
  }),
  output: Draft,
  config: z.object({
    model: model('local/extractive'),
    prompt: prompt(GENERATE, ['language', 'maxWords', 'noAnswer', 'hints']),
    /** Follows the question where there is feedback. */
    revise: prompt(REVISE, ['feedback']),
    /** By intent: instructions for the answer. */
    hints: z.record(z.string().max(50), z.string().max(500)).default({}),
    /** Words of prose, about; lists and code that belong to it come on top. */
    maxWords: z.int().min(20).max(1_000).default(110),
    /** Passages together: those that would exceed it are left out, the last first. */
    contextTokens: z.int().min(100).max(1_000_000).default(8_000),
    historyTokens,
    temperature,
    maxOutputTokens: maxOutputTokens(4_000),
    /** A model that sends no token for so long is given up; the policy's timeout limits the whole reply. */
    tokenTimeoutSeconds: z.int().min(1).max(3_600).default(90),
    /** `local/extractive` only: passages quoted, and lines of code; 0 leaves code out. */
    maxPassages: z.int().min(1).max(10).default(3),
    codeLines: z.int().min(0).max(200).default(40),
  }),
  effect: 'read',
  policy: { attempts: 3, timeout: '5 minutes', backoff },
});

/** Whether an answer is what its passages say, and says what was asked: judged by a served model, or by words. */
export const validate = defineStep('validate', {
  version: 2,
  input: z.object({ question: text, answer: Draft, passages: PassageList }),
  output: z.object({
    /** Grounded in whole, and either an answer or honest about having none. */
    passed: z.boolean(),
    /** Grounded well enough to be shown, and an answer to what was asked. */
    answered: z.boolean(),
    /** From 0 to 1: the share of claims that are supported; by words, the least of support, evidence and coverage. */
    score: z.number().min(0).max(1),
    /** What is wrong, for the next draft. */
    feedback: text,
  }),
  config: z.object({
    model: model('local/lexical'),
    prompt: prompt(VALIDATE, []),
    temperature,
    maxOutputTokens: maxOutputTokens(4_000),
    /** The share of claims that must be supported for an answer; by words, of a sentence's words in what it cites. */
    minimumSupport: z.number().min(0).max(1).default(0.75),
    /**
     * `local/lexical` only: how likely it must be that the passages answer the question, by its words in them; where it is
     * less, the documents do not answer it. The default declines one in twelve of the questions that it was fitted on and
     * that have an answer.
     */
    minimumEvidence: z.number().min(0).max(1).default(0.39),
    /** `local/lexical` only: the share of what they hold of the question that the answer must speak of. */
    minimumCoverage: z.number().min(0).max(1).default(0.2),
  }),
  effect: 'read',
  policy: { attempts: 3, timeout: '60 seconds', backoff },
});
