/** What was answered for the examples that are looked at: read by evaluation, cut, and bounded all together. */
import type { JsonObject } from '../../model/dataset.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { Json } from '../../plan/plan.ts';
import type { ComparedSide } from '../compare/comparison-report.ts';
import type { CollectInput } from './collect.ts';
import { type ExampleOutputs, REPORT_LIMITS, type Remark, type ReportedRun } from './data.ts';

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

/** Fields that hold what is asked or answered, where an object has them; else its first text. */
const ASKED = ['question', 'query', 'text', 'prompt'];
const ANSWERED = ['text', 'answer', 'output'];

/** What an example asks, on one line, cut. */
export function questionOf(input: JsonObject): string {
  const main = mainField(input, ASKED);
  const text = main === undefined ? JSON.stringify(input) : (input[main] as string);
  return cut(text.replace(/\s+/gu, ' ').trim(), REPORT_LIMITS.questionLength);
}

/** What a run gave: its text first, then each other field on a line of its own. */
export function outputText(output: Json): string {
  return cut(wholeText(output, ANSWERED), REPORT_LIMITS.outputLength);
}

/** What a scorer says besides its scores. */
export const remarkText = (detail: JsonObject): string =>
  cut(wholeText(detail, ['reason']), REPORT_LIMITS.outputLength);

function wholeText(value: Json, fields: readonly string[]): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const object = value as JsonObject;
  const main = mainField(object, fields);
  const others = Object.entries(object)
    .filter(([field]) => field !== main)
    .map(([field, other]) => `${field}: ${typeof other === 'string' ? other : JSON.stringify(other)}`);
  return [...(main === undefined ? [] : [object[main] as string]), others.join('\n')].filter(Boolean).join('\n\n');
}

function mainField(object: JsonObject, preferred: readonly string[]): string | undefined {
  const isText = (field: string): boolean => typeof object[field] === 'string';
  return preferred.find(isText) ?? Object.keys(object).find(isText);
}

/** At most so many characters, the last of them an ellipsis; no character is halved. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text.toWellFormed();
  const kept = text.slice(0, length - 1);
  const last = kept.charCodeAt(kept.length - 1);
  return `${last >= 0xd800 && last <= 0xdbff ? kept.slice(0, -1) : kept}…`.toWellFormed();
}
