/** The running table of an evaluation, for the Temporal UI. */
import type { BegunEvaluation, EvaluateProgress } from '../src/model/evaluate-messages.ts';

/** Metrics in the table: a reader of it wants the first few. */
const SHOWN_METRICS = 12;

export function describeEvaluation(
  evaluationId: string,
  { phase, chunks, chunksDone, rows, cells, calls, sums }: EvaluateProgress,
  begun: BegunEvaluation | undefined,
): string {
  const lines = [
    `**${phase}** \`${evaluationId}\``,
    `${chunksDone} of ${chunks} chunks · ${rows} runs · ${cells.done} scores, ${cells.failed} failed, ${cells.missing} missing · ${calls.made} calls made, ${calls.shared} shared`,
  ];
  if (begun && sums.length > 0) lines.push(tableOf(begun, sums));
  return lines.join('\n\n');
}

function tableOf({ metrics, variants }: BegunEvaluation, sums: EvaluateProgress['sums']): string {
  const cell = ([n, sum]: readonly [n: number, sum: number] = [0, 0]) =>
    n === 0 ? '–' : `${Number((sum / n).toPrecision(3))}`;
  const rows = metrics
    .slice(0, SHOWN_METRICS)
    .map(
      (metric, place) => `| ${[metric, ...variants.map((_, variant) => cell(sums[place]?.[variant]))].join(' | ')} |`,
    );
  const more = metrics.length - SHOWN_METRICS;
  return [
    `| so far | ${variants.join(' | ')} |`,
    `|---|${variants.map(() => '---:').join('|')}|`,
    ...rows,
    ...(more > 0 ? [`\nand ${more} more metrics`] : []),
  ].join('\n');
}
