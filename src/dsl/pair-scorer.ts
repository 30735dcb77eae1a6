/**
 * `definePairScorer`: a step that is shown two runs of one example and says which is better. It is asked twice, with the
 * sides exchanged, so that the place of an answer decides nothing.
 */
import { completePolicy } from '../plan/policy.ts';
import type { WiringFunction } from './draft.ts';
import { callOf, checkStep, statedPolicy } from './place-step.ts';
import { checkKeys, checkName, refuse } from './refuse.ts';
import { lowerScored, pairScope, readScored, type ScoredPipeline } from './scored-scope.ts';
import { type AnyScorer, toScorer } from './scorer.ts';
import { choicesOf, fieldsOf } from './shape.ts';
import { type AnyStep, stepName } from './step.ts';

const WINNERS: readonly string[] = ['first', 'second', 'tie'];
/** 1 for the variant, 0 for the baseline, 0.5 where neither is better, or the two orders disagree. */
const WIN = Object.freeze({ better: 'higher', format: 'share', worst: 0, best: 1 } as const);

export function definePairScorer(
  id: string,
  on: ScoredPipeline,
  step: AnyStep,
  wire: WiringFunction,
  options: { readonly config?: object } = {},
): AnyScorer {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, at);
  checkStep(step, at);
  checkKeys(options, ['config'], at);
  checkWinner(step, at);
  return toScorer({
    ...{ id, kind: 'pair', step, scored, rubric: undefined },
    call: callOf(step, options.config ?? {}, at),
    policy: completePolicy(statedPolicy(step, {}, at)),
    input: lowerScored(scored, pairScope(scored), wire, step.input, at),
    fields: Object.freeze({ win: WIN }),
  });
}

function checkWinner(step: AnyStep, at: string): void {
  const winner = fieldsOf(step.output)?.winner;
  const choices = winner && choicesOf(winner);
  if (!choices?.every((choice) => WINNERS.includes(choice)))
    refuse(
      'pair_winner',
      `${at}: the output of '${stepName(step)}' has no 'winner' that is 'first', 'second' or 'tie'`,
      "give a step whose output has winner: z.enum(['first', 'second', 'tie'])",
    );
}
