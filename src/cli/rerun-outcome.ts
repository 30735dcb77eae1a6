/** What a backtest or a shadow has come to: verdicts, answers that changed, what it took, and runs that could not be compared. */
import type { ComparisonReport } from '../evaluation/compare/comparison-report.ts';
import type { RerunProgress, RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { showComparison } from './eval-comparison.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { count, flow, showCost, showDuration, wrap } from './text.ts';

export interface RerunOutcome {
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
  const { rerunReport } = await import('../experiment/rerun/rerun-report.ts');
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
  const known = (number: number) => number.toLocaleString('en');
  return [
    ...flow(
      [
        `${rerunId}  ${state.replaceAll('_', ' ')}`,
        ...(share === null ? [] : [`${known(share * 100)} % of the runs`]),
        `${known(done)} of ${count(total, 'run')}${took}`,
        `${count(changed, 'answer')} changed`,
        ...(queued > 0 ? [`${known(queued)} ${state === 'running' ? 'waiting' : 'not made'}`] : []),
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
export function moneyLine({ calls, paidUsd, unknownCalls }: RerunProgress): readonly string[] {
  const known = (number: number) => number.toLocaleString('en');
  return [
    `${known(calls.reused)} calls reused, ${known(calls.made)} made`,
    ...(paidUsd === null ? [] : [`${unknownCalls > 0 ? '≥ ' : ''}${showCost(paidUsd)} paid`]),
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
    ...(skipped > 0 ? [`${skipped.toLocaleString('en')} skipped: ${of('skipped')}`] : []),
    ...(failed > 0 ? [`${failed.toLocaleString('en')} could not be made: ${of('failed')}`] : []),
    ...(leftOut > 0 ? [`${leftOut.toLocaleString('en')} left out, as too many were waiting`] : []),
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
