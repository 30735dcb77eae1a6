/** What a run's calls to providers have cost, in words and as a table. What is not known is said, and never shown as 0. */

import { count, showMoney, showWhole } from '../base/format.ts';
import type { ProviderCallRow } from '../store/provider-calls.ts';
import type { Spending } from '../store/spending.ts';
import { tableLines } from './table.ts';

/** `≥ $0.0123, 1 call unknown` and `3,120 tokens in, 410 out`; nothing where no call was made. */
export function spendingOf(spent: Spending): string[] {
  if (spent.paidCalls === 0) return [];
  const { costUsd, unknownCalls, estimatedCalls, inputTokens, outputTokens } = spent;
  const cost = [
    costUsd === null ? 'cost unknown' : `${unknownCalls > 0 ? '≥ ' : ''}${showMoney(costUsd)}`,
    ...(unknownCalls > 0 ? [`${count(unknownCalls, 'call')} unknown`] : []),
    ...(estimatedCalls > 0 ? [`${count(estimatedCalls, 'call')} estimated`] : []),
  ];
  return [cost.join(', '), `${showWhole(inputTokens)} tokens in, ${showWhole(outputTokens)} out`];
}

/** One line per call, in the order in which they left; estimates have a `~`. */
export function callTable(calls: readonly ProviderCallRow[]): string[] {
  const about = ({ usage }: ProviderCallRow, shown: string | null): string | null =>
    shown === null ? null : `${usage === 'estimated' ? '~' : ''}${shown}`;
  const tokens = (call: ProviderCallRow, number: number | null) =>
    about(call, number === null ? null : showWhole(number));
  return tableLines(calls, [
    { heading: 'call of', cell: ({ key }) => key },
    { heading: 'attempt', cell: ({ attempt }) => attempt, align: 'right' },
    { heading: 'model', cell: ({ provider, model }) => `${provider}/${model}` },
    { heading: 'for', cell: ({ kind }) => kind },
    { heading: 'status', cell: ({ status, errorCode }) => (errorCode ? `${status} (${errorCode})` : status) },
    { heading: 'in', cell: (call) => tokens(call, call.inputTokens), align: 'right' },
    { heading: 'out', cell: (call) => tokens(call, call.outputTokens), align: 'right' },
    {
      heading: 'cost',
      cell: (call) => about(call, call.costUsd === null ? null : showMoney(call.costUsd)),
      align: 'right',
    },
  ]);
}
