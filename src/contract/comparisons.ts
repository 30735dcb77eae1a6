/** Comparisons of the variants of evaluations, and the leaderboard. */
import type { BaselineLeaderboard } from '../evaluation/baseline-leaderboard.ts';
import { COMPARE_LIMITS } from '../evaluation/compare/comparison-report.ts';
import type { ReportedRun } from '../evaluation/report/data.ts';
import type { Comparison } from '../evaluation/report/page-data.ts';
import type { TracedRun } from '../evaluation/report/traces.ts';
import { SPLITS } from '../model/dataset.ts';
import { type Endpoints, jsonAnswer, outlineOf, problems, z } from './endpoint.ts';

/** References; each may stand for several sides, of which `sidesOf` takes only so many. */
const MOST_REFERENCES = 12;

const REFERENCE = /^[A-Za-z0-9_.-]{1,200}(:[^,:]{1,100})?$/;

const EXAMPLE_LENGTH = 500;

const Ids = z
  .string()
  .max(2_000)
  .refine((ids) => ids.split(',').every((id) => REFERENCE.test(id)), 'it is no list of ids of evaluations')
  .refine((ids) => ids.split(',').length <= MOST_REFERENCES, `it names more than ${MOST_REFERENCES}`)
  .openapi({
    description: `1 to ${MOST_REFERENCES} of \`ID\` or \`ID:variant\`, with commas between them; the baseline first`,
    example: 'eval-retrieval-1f2e3d4c,eval-retrieval-77aa01bc:hybrid',
  });

const loose = z.object({}).loose();

const ComparisonView = outlineOf<Comparison>(
  z
    .object({
      report: loose.openapi({ description: 'As `sluice eval compare --json` prints it' }),
      gate: z.object({ status: z.string(), sentences: z.array(z.string()) }).loose(),
      evaluations: z.array(loose),
      leaderboard: loose.nullable(),
      page: loose.openapi({ description: 'The examples, by metric and side in columns; null is missing' }),
      examples: z.int().openapi({ description: "Of the baseline's evaluation; `page` may have fewer" }),
      madeAt: z.number(),
      command: z.string().nullable(),
    })
    .openapi('Comparison'),
);

const Outputs = outlineOf<{ readonly runs: readonly ReportedRun[] }>(
  z
    .object({
      runs: z.array(
        z.object({
          side: z.int(),
          repeat: z.int(),
          outcome: z.string(),
          error: z.string().nullable(),
          output: z.string(),
          remarks: z.array(z.object({ scorer: z.string(), text: z.string() })),
        }),
      ),
    })
    .openapi('ComparedOutputs'),
);

const Spending = z
  .object({
    paidCalls: z.int(),
    costUsd: z.number().nullable().openapi({ description: 'The sum of what is known; null where nothing is' }),
    unknownCalls: z.int().openapi({ description: 'Calls whose cost is not known: `costUsd` is then a lower bound' }),
    estimatedCalls: z.int(),
    inputTokens: z.int(),
    outputTokens: z.int(),
  })
  .openapi('CallSpending');

const Traces = outlineOf<{ readonly runs: readonly TracedRun[] }>(
  z
    .object({
      runs: z.array(
        z.object({
          side: z.int(),
          repeat: z.int(),
          outcome: z.string(),
          run: z.object({
            latencyMs: z.number().nullable(),
            costUsd: z.number().nullable(),
            inputTokens: z.int().nullable(),
            outputTokens: z.int().nullable(),
          }),
          calls: z.array(
            z.object({
              key: z.string().openapi({ description: 'Of the node run', example: 'draft[2]' }),
              call: z.string().openapi({ description: 'step, or fallback' }),
              step: z.string(),
              isScorers: z.boolean(),
              outcome: z.string(),
              source: z.string().openapi({ description: 'made for this run; joined or stored: shared with others' }),
              attempts: z.int(),
              durationMs: z.number().openapi({ description: 'When it was made, whoever made it' }),
              memoKey: z.string().openapi({ description: 'The same on two sides: it is one call' }),
              spent: Spending.nullable().openapi({ description: 'Null: what it gave is no longer kept' }),
              failure: z.string().nullable(),
              lists: z.array(z.object({ field: z.string(), passages: z.array(loose) })),
            }),
          ),
          callsLeftOut: z.int(),
          cited: z.array(z.object({ id: z.string(), mark: z.string() })).nullable(),
        }),
      ),
    })
    .openapi('ComparedTraces'),
);

/** Each is read whole. */
const MOST_EVALUATIONS = 20;

const DEFAULT_EVALUATIONS = 10;

const NAME_LENGTH = 200;

const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH)
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), 'leave out control characters');

const Cell = z.object({
  mean: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
  n: z.int().openapi({ description: 'Examples that have a value' }),
  coverage: z.number().nullable().openapi({ description: 'Of the examples that have something to score' }),
  rank: z.int().nullable().openapi({ description: 'From 1; null where it is listed apart' }),
  apart: z.string().nullable().openapi({ description: 'Why it has no rank' }),
  range: z
    .object({ from: z.int(), to: z.int() })
    .nullable()
    .openapi({ description: 'The places that paired comparisons with all others leave open, all at once' }),
  best: z
    .enum(['proven', 'tied'])
    .nullable()
    .openapi({ description: 'Better than every other; none is proven better' }),
  delta: z.number().nullable().openapi({ description: "Its mean less the baseline's" }),
});

const DatasetPart = z.object({
  name: z.string(),
  version: z.string(),
  split: z.string().nullable(),
  tag: z.string().nullable(),
  examples: z.int(),
});

const Board = outlineOf<BaselineLeaderboard>(
  z
    .object({
      columns: z.array(z.object({ metric: z.string(), better: z.string(), format: z.string() }).loose()),
      rows: z.array(
        z.object({
          evaluationId: z.string(),
          name: z.string(),
          variant: z.int(),
          label: z.string(),
          reference: z.string().openapi({ description: 'As comparisons take it', example: 'eval-tone-0001:loud' }),
          planId: z.string(),
          dataset: DatasetPart,
          cells: z.array(Cell).openapi({ description: 'By column' }),
        }),
      ),
      sortedBy: z.string().nullable(),
      baseline: z.string().nullable().openapi({ description: 'The reference of a row' }),
      alpha: z.number(),
      compared: z
        .object({
          dataset: DatasetPart,
          evaluations: z.int().openapi({ description: 'With a ranked row' }),
          plans: z.int().openapi({ description: 'Ranked rows' }),
          repeated: z.array(z.string()).openapi({ description: 'Variants whose plan another evaluation has a row of' }),
        })
        .nullable()
        .openapi({ description: 'What the rows that have a rank in the sorted column are compared on' }),
    })
    .openapi('Leaderboard'),
);

const Answer = z.object({
  datasets: z.array(
    z.object({
      name: z.string(),
      evaluations: z.int(),
      splits: z.array(z.object({ split: z.string(), evaluations: z.int() })),
    }),
  ),
  dataset: z.string().nullable().openapi({ description: 'The one that is shown; null: none has been evaluated' }),
  split: z.string().nullable().openapi({ description: 'The part of it, or all; null: none' }),
  board: Board,
});

export const COMPARISONS = {
  compare: {
    tags: ['Evaluations'],
    summary: 'Compare the variants of an evaluation, or of several',
    description:
      'Looking at the same sides again is not another comparison on their dataset. What takes too much memory or time here is 409 (comparison_too_large, comparison_slow); where too many wait already it is 503 (comparisons_busy).',
    scopes: ['read'],
    request: { query: z.object({ ids: Ids }) },
    responses: { 200: jsonAnswer('What differs, and what it rests on', ComparisonView), ...problems(404, 409, 422) },
  },
  prepareComparison: {
    tags: ['Evaluations'],
    summary: 'Make a comparison that somebody is about to look at',
    description:
      'Answers once it is made, or not worth making: rows may still come, or another was asked for meanwhile. It is then there for GET /v1/comparisons, and counts as a comparison only once it is asked for there.',
    scopes: ['read'],
    request: { query: z.object({ ids: Ids }) },
    responses: { 204: { description: 'Nothing more to wait for' }, ...problems(404, 422) },
  },
  getComparedOutputs: {
    tags: ['Evaluations'],
    summary: 'What each side of a comparison answered to one example',
    scopes: ['read'],
    request: { query: z.object({ ids: Ids, example: z.string().min(1).max(EXAMPLE_LENGTH) }) },
    responses: { 200: jsonAnswer('By side, then by repeat', Outputs), ...problems(404, 422) },
  },
  getComparedTraces: {
    tags: ['Evaluations'],
    summary: 'How each side of a comparison came to what it answered to one example',
    description: 'Its calls, what they took and cost when they were made, and the passages that they found.',
    scopes: ['read'],
    request: {
      query: z.object({
        ...{ ids: Ids, example: z.string().min(1).max(EXAMPLE_LENGTH) },
        side: z.coerce.number().int().min(0).max(COMPARE_LIMITS.sides).optional().openapi({
          description: 'The place of the one side that is looked at beside the baseline, from 1; default: all',
        }),
      }),
    },
    responses: { 200: jsonAnswer('By side, then by repeat', Traces), ...problems(404, 422) },
  },
  getLeaderboard: {
    tags: ['Evaluations'],
    summary: 'Rank the variants of the newest evaluations on a dataset',
    description: `What differs from the first of them in examples, metric or scorer is listed without a rank, and so are variants after the first ${COMPARE_LIMITS.rankedSides}.`,
    scopes: ['read'],
    request: {
      query: z.object({
        dataset: name.optional().openapi({ description: 'Default: the one that most evaluations are on' }),
        split: z
          .enum([...SPLITS, 'all'])
          .optional()
          .openapi({ description: 'Those that ran on this part of it; default: the one that most ran on' }),
        metric: name.optional().openapi({ description: 'What is ranked by; default: the first of the newest' }),
        baseline: name.optional().openapi({
          description: 'The label or reference of a row; default: the first variant of the newest evaluation',
        }),
        limit: z.coerce.number().int().min(1).max(MOST_EVALUATIONS).default(DEFAULT_EVALUATIONS).openapi({
          description: 'How many of the newest evaluations',
        }),
      }),
    },
    responses: { 200: jsonAnswer('The best first', Answer), ...problems(404, 409, 422) },
  },
} satisfies Endpoints;
