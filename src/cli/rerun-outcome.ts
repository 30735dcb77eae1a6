/** What a backtest or a shadow has come to: verdicts, answers that changed, what it took, and runs that could not be compared. */
import { SluiceError } from '../base/errors.ts';
import { count, showDuration, showMoney, showPercent, showWhole } from '../base/format.ts';
import type { ComparisonReport } from '../evaluation/compare/comparison-report.ts';
import type { Runtime } from '../host/runtime.ts';
import type { JsonObject } from '../model/dataset.ts';
import { restoreClaims } from '../store/claims.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { RerunProgress, RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { showComparison } from './eval-comparison.ts';
import { showExample } from './eval-show.ts';
import { EXIT, type ExitCode, Interrupted, type Session } from './session.ts';
import { flow, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';

interface RerunOutcome {
  readonly rerun: RerunRow;
  readonly progress: RerunProgress;
  /** Null where no run has come to anything yet. */
  readonly report: ComparisonReport | null;
  readonly temporalUrl: string | null;
}

export async function rerunOutcome(
  store: Pick<Store, 'reruns' | 'evaluations'>,
  rerun: RerunRow,
  urlOf?: (workflowId: string) => string,
): Promise<RerunOutcome> {
  const { rerunReport } = await import('../experiment/rerun/rerun.ts');
  return {
    rerun,
    progress: await store.reruns.progress(rerun.rerunId),
    report: await rerunReport(store, rerun),
    temporalUrl: urlOf?.(rerun.rerunId) ?? null,
  };
}

export function showRerun({ terminal }: Session, outcome: RerunOutcome): ExitCode {
  const { rerun, report, progress, temporalUrl } = outcome;
  if (terminal.json) {
    terminal.printJson(outcome);
    return EXIT.fine;
  }
  // Latency, cost and failures decide nothing, and are what is asked of each.
  if (report !== null) showComparison(terminal, report, { all: true });
  if (report !== null) terminal.print();
  for (const line of standingLines(rerun, progress, terminal.width)) terminal.print(line);
  if (temporalUrl !== null) terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
  for (const line of nextLines(rerun, progress)) terminal.print(line);
  return EXIT.fine;
}

function standingLines(rerun: RerunRow, progress: RerunProgress, width: number): readonly string[] {
  const { rerunId, state, startedAt, endedAt, share } = rerun;
  const { total, done, changed, skipped, failed, queued, leftOut } = progress;
  const took = endedAt === null ? '' : ` in ${showDuration(endedAt - startedAt)}`;
  return [
    ...flow(
      [
        `${rerunId}  ${state.replaceAll('_', ' ')}`,
        ...(share === null ? [] : [`${showPercent(share)} of the runs`]),
        `${showWhole(done)} of ${count(total, 'run')}${took}`,
        `${count(changed, 'answer')} changed`,
        ...(queued > 0 ? [`${showWhole(queued)} ${state === 'running' ? 'waiting' : 'not made'}`] : []),
        ...moneyLine(progress),
      ],
      width,
      '',
    ),
    ...(skipped + failed + leftOut > 0 ? wrap(reasonsLine(progress), width) : []),
    ...(rerun.error === null ? [] : wrap(`${rerun.error.code}: ${rerun.error.message}`, width)),
  ];
}

/** `240 calls reused, 60 made`, `$0.12 paid`. */
function moneyLine({ calls, paidUsd, unknownCalls }: RerunProgress): readonly string[] {
  return [
    `${showWhole(calls.reused)} calls reused, ${showWhole(calls.made)} made`,
    ...(paidUsd === null ? [] : [`${unknownCalls > 0 ? '≥ ' : ''}${showMoney(paidUsd)} paid`]),
  ];
}

/** `3 skipped: plan_same (2), outputs_missing (1); 1 failed: rate_limited (1)`. */
function reasonsLine({ skipped, failed, leftOut, reasons }: RerunProgress): string {
  const of = (state: 'failed' | 'skipped') =>
    reasons
      .filter((reason) => reason.state === state)
      .map(({ code, runs }) => `${code} (${runs})`)
      .join(', ');
  return [
    ...(skipped > 0 ? [`${showWhole(skipped)} skipped: ${of('skipped')}`] : []),
    ...(failed > 0 ? [`${showWhole(failed)} could not be made: ${of('failed')}`] : []),
    ...(leftOut > 0 ? [`${showWhole(leftOut)} left out, as too many were waiting`] : []),
  ].join('; ');
}

function nextLines({ rerunId, kind, state }: RerunRow, { done }: RerunProgress): readonly string[] {
  return [
    ...(done > 0 ? [`  one run, both answers: sluice backtest show ${rerunId} --run RUN`] : []),
    ...(kind === 'shadow' && state === 'running' ? [`  end it: sluice shadow stop ${rerunId}`] : []),
  ];
}

/** The runs whose answers changed, the first of them. */
export async function changedRuns(
  { reruns }: Pick<Store, 'reruns'>,
  rerunId: string,
  limit: number,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for await (const { runId, isChanged } of reruns.results(rerunId)) {
    if (isChanged) changed.push(runId);
    if (changed.length === limit) break;
  }
  return changed;
}

export function showChanged(terminal: Terminal, runIds: readonly string[]): void {
  if (runIds.length === 0) return;
  terminal.print();
  terminal.print('answers that changed:');
  for (const runId of runIds) terminal.print(`  ${runId}`);
}

/** A worker answers within this, if there is one. */
const IDLE_MS = 10_000;

/** @throws what it failed with; Interrupted at Ctrl-C, with how to go on */
export async function followRerun(
  { terminal, signal }: Session,
  { client, isEphemeral }: Pick<Runtime, 'client' | 'isEphemeral'>,
  { rerunId, variant }: RerunRow,
): Promise<RerunRow> {
  const progress = terminal.progress(variant);
  const idle = setTimeout(() => terminal.note('no worker has taken it yet; is one running? sluice worker'), IDLE_MS);
  try {
    const row = await client.followRerun(rerunId, {
      signal,
      onOutage: (message) => terminal.note(message),
      onProgress: (now) => {
        const { total, queued } = now;
        if (queued < total) clearTimeout(idle);
        if (total > 0) progress.update(total - queued, total, moneyLine(now));
      },
    });
    if (!signal.aborted) return row;
  } finally {
    clearTimeout(idle);
    progress.stop();
  }
  throw new Interrupted([
    isEphemeral ? 'stopped with the servers of this command; what is done is kept' : 'it goes on by itself',
    `  see it: sluice backtest show ${rerunId}`,
    ...(isEphemeral ? [] : [`  end it: sluice backtest stop ${rerunId}`]),
  ]);
}

/** @throws SluiceError `run_unknown`, `run_ambiguous`, `run_not_rerun` */
export async function showRerunOfRun(
  { terminal }: Session,
  store: Store,
  rerun: RerunRow,
  given: string,
): Promise<ExitCode> {
  const { evaluationSpec, rowsOf } = await import('../experiment/rerun/rerun.ts');
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
