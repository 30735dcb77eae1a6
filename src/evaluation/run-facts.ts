/** What a run took, from what its calls did. */

import type { RunFacts } from '../model/evaluation-result.ts';
import { costOf, type Spending } from '../store/spending.ts';

export interface RunTook {
  /** How the run ended, or its state. */
  readonly outcome: string;
  readonly latencyMs: number | null;
  /** Of all its calls, in as many sums as one likes. */
  readonly spent: readonly Spending[];
}

export function runFacts({ outcome, latencyMs, spent }: RunTook): RunFacts {
  const sum = (field: 'inputTokens' | 'outputTokens') => spent.reduce((total, spending) => total + spending[field], 0);
  return Object.freeze({
    latencyMs,
    costUsd: costOf(spent),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    failed: outcome === 'failed',
    degraded: outcome === 'degraded',
  });
}
