/** What an evaluation that has ended came to: the comparison, what it took, what is missing, and how to go on. */
import { count, showDuration, showMoney, showWhole } from '../base/format.ts';
import type { ComparisonReport } from '../evaluation/compare/comparison-report.ts';
import type { MissingReason } from '../evaluation/compare/missing.ts';
import type { NoiseFloor } from '../evaluation/compare/noise-floor.ts';
import type { Runtime } from '../host/runtime.ts';
import type { EvaluationProgress, EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { showComparison } from './eval-comparison.ts';
import { showNoise } from './eval-plan.ts';
import { EXIT, type ExitCode, Interrupted, type Session } from './session.ts';
import { flow } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface EvaluationOutcome {
  readonly evaluation: EvaluationRow;
  readonly progress: EvaluationProgress;
  readonly missing: readonly MissingReason[];
  /** Of an A/A evaluation null, and `noise` instead. */
  readonly report: ComparisonReport | null;
  readonly noise: NoiseFloor | null;
  readonly temporalUrl: string;
}

export async function outcomeOf(
  { store, client }: Pick<Runtime, 'store' | 'client'>,
  evaluation: EvaluationRow,
): Promise<EvaluationOutcome> {
  const { evaluationId, spec } = evaluation;
  const [{ loadComparison }, { compareEvaluations }, { noiseFloor }] = await Promise.all([
    import('../evaluation/compare/load.ts'),
    import('../evaluation/compare/compare.ts'),
    import('../evaluation/compare/noise-floor.ts'),
  ]);
  const sides = spec.variants.map((_, variant) => ({ evaluationId, variant }));
  const loaded = await loadComparison(store, sides);
  const isAa = spec.mode === 'aa';
  return {
    evaluation,
    ...(await standingOf(store, evaluation)),
    report: isAa ? null : compareEvaluations(loaded),
    noise: isAa ? noiseFloor(loaded.matrices[0]!) : null,
    temporalUrl: client.urlOf(evaluationId),
  };
}

export type Standing = Pick<EvaluationOutcome, 'progress' | 'missing'>;

export async function standingOf(store: Store, { evaluationId }: EvaluationRow): Promise<Standing> {
  const { missingReasons } = await import('../evaluation/compare/missing.ts');
  const progress = await store.evaluations.progress(evaluationId);
  return { progress, missing: progress.cells.missing === 0 ? [] : await missingReasons(store, evaluationId) };
}

/** Ends with an error code where cells are left that it was to fill. */
export function showOutcome({ terminal }: Session, outcome: EvaluationOutcome): ExitCode {
  const { evaluation, report, noise, temporalUrl } = outcome;
  const exit = evaluation.state === 'completed' ? EXIT.fine : EXIT.error;
  if (terminal.json) {
    terminal.printJson(outcome);
    return exit;
  }
  if (report !== null) showComparison(terminal, report);
  if (noise !== null) showNoise(terminal, noise, evaluation.spec.metrics);
  terminal.print();
  showStanding(terminal, evaluation, outcome);
  terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
  for (const line of nextCommands(evaluation, report)) terminal.print(line);
  return exit;
}

/** The evaluation's state and what it took, and why cells are missing. */
export function showStanding(terminal: Terminal, evaluation: EvaluationRow, { progress, missing }: Standing): void {
  const { evaluationId, state, createdAt, finishedAt } = evaluation;
  const took = finishedAt === null ? '' : ` in ${showDuration(finishedAt - createdAt)}`;
  const runs = `${showWhole(settled(progress))} of ${count(progress.total, 'run')}${took}`;
  for (const line of flow([`${evaluationId}  ${state}`, runs, ...spendingSoFar(progress)], terminal.width, ''))
    terminal.print(line);
  for (const line of missingLines(evaluation, progress, missing)) terminal.print(line);
}

/** `12 cells missing: rate_limited (10), 1 other reason`; apart from them what there is nothing to score of. */
function missingLines(
  { evaluationId, state }: EvaluationRow,
  { resumable }: EvaluationProgress,
  reasons: readonly MissingReason[],
): readonly string[] {
  const [beside, holes] = [true, false].map((is) => reasons.filter(({ isInapplicable }) => isInapplicable === is));
  const canResume = resumable > 0 && state !== 'running' && state !== 'begun';
  return [
    ...cellsLine(holes!, (cells) => `${cells} missing`),
    ...(canResume ? [`  fill what can be filled: sluice eval resume ${evaluationId}`] : []),
    ...cellsLine(beside!, (cells) => `${cells} with nothing to score`),
  ];
}

function cellsLine(reasons: readonly MissingReason[], words: (cells: string) => string): readonly string[] {
  const [first, ...others] = reasons;
  if (first === undefined) return [];
  const total = reasons.reduce((sum, { cells }) => sum + cells, 0);
  const share = others.length === 0 ? '' : ` (${showWhole(first.cells)}), ${count(others.length, 'other reason')}`;
  return [`  ${words(count(total, 'cell'))}: ${first.reason}${share}`];
}

function nextCommands({ evaluationId }: EvaluationRow, report: ComparisonReport | null): readonly string[] {
  const hasLosses = report?.metrics.some(
    ({ role, sides }) => role === 'primary' && sides.some(({ losses }) => losses > 0),
  );
  if (report === null) return [`  all metrics: sluice eval noise ${evaluationId} --all`];
  return [
    ...(hasLosses ? [`  which got worse: sluice eval compare ${evaluationId} --worse`] : []),
    `  may it pass: sluice eval compare ${evaluationId} --gate`,
  ];
}

/** A worker answers within this, if there is one. */
const IDLE_MS = 10_000;

type Followed = Pick<Runtime, 'client' | 'isEphemeral'>;

/**
 * Resolves when it has ended, however it has.
 *
 * @throws what it failed with; Interrupted at Ctrl-C, with how to go on
 */
export async function followEvaluation(
  { terminal, signal }: Session,
  { client, isEphemeral }: Followed,
  { evaluationId, name }: Pick<EvaluationRow, 'evaluationId' | 'name'>,
): Promise<EvaluationRow> {
  const progress = terminal.progress(name);
  const idle = setTimeout(() => terminal.note('no worker has taken it yet; is one running? sluice worker'), IDLE_MS);
  const tellPause = pauseTeller(terminal, evaluationId);
  try {
    const row = await client.followEvaluation(evaluationId, {
      signal,
      onOutage: (message) => terminal.note(message),
      onProgress: (now, state) => {
        if (state !== 'begun') clearTimeout(idle);
        tellPause(state);
        if (now.total > 0) progress.update(settled(now), now.total, spendingSoFar(now));
      },
    });
    if (!signal.aborted) return row;
  } finally {
    clearTimeout(idle);
    progress.stop();
  }
  throw new Interrupted(interruptionLines(evaluationId, isEphemeral));
}

/** Rows that another try would not change. */
export const settled = ({ done, resumable }: EvaluationProgress): number => done - resumable;

function pauseTeller(terminal: Terminal, evaluationId: string): (state: EvaluationState) => void {
  let before: EvaluationState | undefined;
  return (state) => {
    if (state === 'paused' && before !== 'paused')
      terminal.note(`it is paused; what is under way ends. To go on: sluice eval resume ${evaluationId}`);
    before = state;
  };
}

/** `300 calls made, 240 shared`, `$0.12 paid`, `$0.40 saved`; money is left out where none is known. */
export function spendingSoFar({ calls, paidUsd, unknownCalls, savedUsd }: EvaluationProgress): readonly string[] {
  return [
    ...(calls.made + calls.shared > 0
      ? [`${showWhole(calls.made)} calls made, ${showWhole(calls.shared)} shared`]
      : []),
    ...(paidUsd === null ? [] : [`${unknownCalls > 0 ? '≥ ' : ''}${showMoney(paidUsd)} paid`]),
    ...(unknownCalls > 0 ? [`${showWhole(unknownCalls)} of unknown cost`] : []),
    ...(savedUsd === null || savedUsd === 0 ? [] : [`${showMoney(savedUsd)} saved`]),
  ];
}

/** Servers that were started for this command end with it: then nothing goes on by itself. */
function interruptionLines(evaluationId: string, isEphemeral: boolean): readonly string[] {
  const cancel = `  end it: sluice eval cancel ${evaluationId}`;
  if (isEphemeral)
    return [
      'stopped with the servers of this command; what is done is kept',
      `  go on: sluice eval resume ${evaluationId}`,
      cancel,
    ];
  return ['it goes on without you', `  follow it: sluice eval status ${evaluationId} --follow`, cancel];
}
