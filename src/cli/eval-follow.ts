/** Following an evaluation to its end, under a progress bar. Who stops looking does not stop it. */

import { showMoney, showWhole } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import type { EvaluationProgress, EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { Interrupted, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** A worker answers within this, if there is one. */
const IDLE_MS = 10_000;

type Followed = Pick<Runtime, 'client' | 'isPassing'>;

/**
 * Resolves when it has ended, however it has.
 *
 * @throws what it failed with; Interrupted at Ctrl-C, with how to go on
 */
export async function followEvaluation(
  { terminal, signal }: Session,
  { client, isPassing }: Followed,
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
  throw new Interrupted(interruptionLines(evaluationId, isPassing));
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
function interruptionLines(evaluationId: string, isPassing: boolean): readonly string[] {
  const cancel = `  end it: sluice eval cancel ${evaluationId}`;
  if (isPassing)
    return [
      'stopped with the servers of this command; what is done is kept',
      `  go on: sluice eval resume ${evaluationId}`,
      cancel,
    ];
  return ['it goes on without you', `  follow it: sluice eval status ${evaluationId} --follow`, cancel];
}
