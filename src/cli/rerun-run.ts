/** One run of a backtest or a shadow: what was asked, both answers, their scores and what they took. */
import { SluiceError } from '../base/errors.ts';
import type { JsonObject } from '../model/dataset.ts';
import { restoreClaims } from '../store/claims.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { showExample } from './eval-example.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { wrap } from './text.ts';

/** @throws SluiceError `run_unknown`, `run_ambiguous`, `run_not_rerun` */
export async function showRerunOfRun(
  { terminal }: Session,
  store: Store,
  rerun: RerunRow,
  given: string,
): Promise<ExitCode> {
  const { evaluationSpec, rowsOf } = await import('../experiment/rerun/rerun-report.ts');
  const run = await store.runs.get(given);
  const found = await store.reruns.result(rerun.rerunId, run.runId);
  if (found === undefined) throw notRerun(rerun, run.runId);
  const whole = async (output: Parameters<typeof restoreClaims>[1]) => restoreClaims(store.payloads, output);
  const rows = await Promise.all(
    rowsOf(found).map(async (row) => ({ ...row, output: await whole(row.variant === 0 ? run.output : row.output) })),
  );
  const example = { id: run.runId, input: run.input as JsonObject };
  if (terminal.json) {
    terminal.printJson({
      rerun: rerun.rerunId,
      run: example,
      ...found,
      served: rows[0] ?? null,
      variant: rows[1] ?? null,
    });
    return EXIT.fine;
  }
  // Shown as an example of an evaluation is: its id and spec are all that is asked of that.
  const evaluation = { evaluationId: rerun.rerunId, spec: evaluationSpec(rerun, 1) } as EvaluationRow;
  showExample(terminal, { evaluation, example, rows });
  const { calls, state, error } = found;
  terminal.print(`${calls.reused} calls reused, ${calls.made} made`);
  if (error !== null)
    for (const line of wrap(`${state}: ${error.code}: ${error.message}`, terminal.width)) terminal.print(line);
  return EXIT.fine;
}

const notRerun = ({ rerunId, kind }: RerunRow, runId: string): SluiceError =>
  new SluiceError('run_not_rerun', {
    message: `${runId} is not among the runs that ${rerunId} has made again`,
    remedy:
      kind === 'shadow'
        ? 'it may be outside its share, or still waiting'
        : `see which there are: sluice backtest show ${rerunId} --json`,
    data: { rerunId, runId },
  });
