/**
 * A comparison as it might be, put through the real functions: two variants that help, one of them slower than is
 * allowed, and one that harms; with judges, failures, and holes. For tests and benchmarks.
 */
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import { gateOf } from '../../../src/evaluation/compare/gate.ts';
import { leaderboardOf } from '../../../src/evaluation/compare/leaderboard.ts';
import { scoreMatrixOf } from '../../../src/evaluation/compare/score-matrix.ts';
import { type CollectInput, collectExamples } from '../../../src/evaluation/report/collect.ts';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { questionOf } from '../../../src/evaluation/report/outputs.ts';
import type { ResultRow } from '../../../src/model/evaluation-result.ts';
import { type MadeRows, makeRows } from './make-rows.ts';

export interface MadeReport extends MadeRows {
  readonly questionAt?: (example: number) => string;
}

const QUESTIONS = [
  'How do I stream a response to the browser?',
  'Why is my answer cut off after ten seconds when it is deployed?',
  'Can a tool ask the user before it runs, and go on with what they said?',
  'Which providers give embeddings, and how many values may I send at once?',
  'What changed between the last two major versions for messages that are stored?',
];

export async function makeReport(made: MadeReport): Promise<ReportData> {
  const { data, input } = makeComparison(made);
  return { ...data, examples: await collectExamples(input) };
}

export interface MadeComparison {
  readonly data: Omit<ReportData, 'examples'>;
  /** What the examples are collected from. */
  readonly input: CollectInput;
}

export function makeComparison(made: MadeReport): MadeComparison {
  const { facts, rows } = makeRows(made);
  const matrix = scoreMatrixOf(facts, rows);
  const { evaluationId, spec } = facts;
  const sides = spec.variants.map((_, variant) => ({ evaluationId, variant }));
  const judges = {
    correct: { state: 'calibrated', labels: 140, flaws: [] },
    grounded: { state: 'calibrated', labels: 140, flaws: [] },
    preferred: { state: 'uncalibrated', labels: 0, flaws: [] },
  } as const;
  const report = compareEvaluations({ matrices: [matrix], sides, comparisons: 3, judges });
  const byId = new Map<string, ResultRow[]>();
  for (const row of rows) byId.set(row.exampleId, [...(byId.get(row.exampleId) ?? []), row]);
  const { questionAt = (place) => `${QUESTIONS[place % QUESTIONS.length]} (${place})` } = made;
  const questions = new Map(facts.examples.map(({ id }, place) => [id, questionOf({ question: questionAt(place) })]));
  const rowsOf = async (_: string, ids: readonly string[]) => ids.flatMap((id) => byId.get(id) ?? []);
  const data = {
    report,
    gate: gateOf(report),
    evaluations: [
      {
        evaluationId,
        createdAt: Date.UTC(2026, 2, 1, 12),
        finishedAt: Date.UTC(2026, 2, 1, 12, 9, 30),
        progress: {
          total: rows.length,
          done: rows.length,
          cells: { done: rows.length * 3 - 12, failed: 4, missing: 8 },
          calls: { made: rows.length * 4, shared: rows.length * 3 },
          paidUsd: rows.length * 0.0013,
          unknownCalls: 0,
          savedUsd: rows.length * 0.0011,
          resumable: 8,
        },
        address: 'http://localhost:8233/namespaces/default/workflows/eval-before-release-1f2e3d4c',
      },
    ],
    leaderboard: leaderboardOf({ matrices: [matrix], sides, judges }),
    madeAt: Date.UTC(2026, 2, 1, 12, 10),
    command: 'sluice eval report before-release',
  };
  return { data, input: { report, matrices: [matrix], questions, rowsOf } };
}
