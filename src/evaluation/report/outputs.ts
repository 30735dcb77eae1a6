/** What was answered for the examples that are looked at: read by evaluation, cut, and bounded all together. */

import type { JsonObject } from '../../model/dataset.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { ComparedSide } from '../compare/report.ts';
import type { CollectInput } from './collect.ts';
import type { ExampleOutputs, Remark, ReportedRun } from './data.ts';
import { REPORT_LIMITS } from './limits.ts';
import { cut, outputText, remarkText } from './output-text.ts';

export interface WantedOutput {
  /** Place in the report's examples. */
  readonly example: number;
  readonly id: string;
}

interface OutputsInput extends Pick<CollectInput, 'rowsOf'> {
  readonly report: { readonly sides: readonly Pick<ComparedSide, 'evaluationId' | 'variant'>[] };
}

export async function readOutputs(
  { report, rowsOf }: OutputsInput,
  wanted: readonly WantedOutput[],
): Promise<readonly ExampleOutputs[]> {
  if (wanted.length === 0) return [];
  const ids = wanted.map(({ id }) => id);
  const rows = new Map<string, ResultRow[]>();
  for (const evaluationId of new Set(report.sides.map((side) => side.evaluationId))) {
    for (const row of await rowsOf(evaluationId, ids)) {
      const key = keyOf(evaluationId, row.variant, row.exampleId);
      rows.set(key, [...(rows.get(key) ?? []), row]);
    }
  }
  const found: ExampleOutputs[] = [];
  let length = 0;
  for (const { example, id } of wanted) {
    const runs = report.sides.flatMap(({ evaluationId, variant }, side) =>
      (rows.get(keyOf(evaluationId, variant, id)) ?? []).map((row) => runOf(side, row)),
    );
    length += runs.reduce((sum, run) => sum + lengthOf(run), 0);
    if (length > REPORT_LIMITS.outputsLength) break;
    found.push(Object.freeze({ example, runs }));
  }
  return found;
}

const keyOf = (evaluationId: string, variant: number, exampleId: string): string =>
  `${variant} ${evaluationId} ${exampleId}`;

function runOf(side: number, { repeat, outcome, error, output, cells }: ResultRow): ReportedRun {
  return Object.freeze({
    side,
    repeat,
    outcome,
    error: error === null ? null : cut(`${error.code} at ${error.node}: ${error.message}`, REPORT_LIMITS.outputLength),
    output: outputText(output),
    remarks: Object.entries(cells).flatMap(([scorer, cell]) => remarkOf(scorer, cell)),
  });
}

function remarkOf(scorer: string, cell: ResultRow['cells'][string]): readonly Remark[] {
  if (cell.state === 'missing') return [{ scorer, text: `no score: ${cell.reason}` }];
  if (cell.state === 'failed') return [{ scorer, text: `counts as the worst: ${cell.reason}` }];
  return cell.detail === undefined ? [] : [{ scorer, text: remarkText(cell.detail as JsonObject) }];
}

const lengthOf = ({ output, error, remarks }: ReportedRun): number =>
  output.length + (error?.length ?? 0) + remarks.reduce((sum, { text }) => sum + text.length, 0);
