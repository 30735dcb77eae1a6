/** How it is said that a call may not leave, since whoever pays for it has no room for the most that it may take. */

import { showMoney, showWhole } from '../base/format.ts';
import { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { BUDGET_EXCEEDED, EVALUATION_BUDGET } from '../plan/walk.ts';
import type { Opened } from '../store/provider-calls.ts';

/** What was to be made. */
interface Refused {
  readonly model: string;
  readonly call: Pick<ProviderCall, 'runId'>;
  readonly most: Usage;
}

export const tokensOf = ({ inputTokens, outputTokens }: Usage): number => (inputTokens ?? 0) + (outputTokens ?? 0);

/** @param mostUsd the most that the call may take; null where the price is unknown */
export function refusal(
  { model, call, most }: Refused,
  refused: Exclude<Opened, { kind: 'opened' }>,
  mostUsd: number | null,
): StepFailure {
  const { kind, scope, budget } = refused;
  if (kind === 'price-unknown')
    return new StepFailure('price_unknown', {
      message: `the ${scope} may spend ${showMoney(budget)}, and what a call to ${model} costs is unknown`,
      remedy: `say so with SLUICE_PRICES, such as ${model}:input=0.2,output=0.8 (dollars per million tokens)`,
      retryable: false,
      data: { model },
    });
  const { limit, committed } = refused;
  const show = limit === 'usd' ? showMoney : (amount: number) => `${showWhole(amount)} tokens`;
  const needed = limit === 'usd' ? mostUsd! : tokensOf(most);
  return new StepFailure(scope === 'run' ? BUDGET_EXCEEDED : EVALUATION_BUDGET, {
    message: `the ${scope}'s budget is ${show(budget)}; ${show(committed)} are spent or under way, and a call to ${model} may take up to ${show(needed)}`,
    remedy: BUDGET_REMEDIES[scope](call.runId),
    retryable: false,
    data: { model, limit, budget, committed, most: needed },
  });
}

const BUDGET_REMEDIES = {
  run: () => 'give the run a larger budget, or its steps fewer output tokens and shorter passages',
  evaluation: (id: string) => `raise it, and what was made is not made again: sluice eval resume ${id} --budget-usd N`,
  backtest: () => 'begin another with a larger one, or over fewer runs: sluice backtest --limit-usd N --last N',
  shadow: () => 'begin another with a larger one, or of a smaller share: sluice shadow start --limit-usd N --share S',
  monitor: () =>
    'wait for the next day, in UTC; or give it a larger budgetUsdPerDay, or a smaller sample, and start it again',
};
