/**
 * The traces of one example's runs: each call with its duration, origin and cost, and the passages found. A row names
 * its calls; the memo has their results, and the provider calls their costs.
 */

import type { ResultCall, ResultRow, RunFacts } from '../../model/evaluation-result.ts';
import { citedIn, type Passage, type PassageList, passageLists } from '../../plan/passage-lists.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import type { MemoRecord, MemoTable } from '../../store/memo.ts';
import type { Spending } from '../../store/spending.ts';
import type { SideRef } from '../compare/comparison-report.ts';
import { REPORT_LIMITS } from './data.ts';
import { cut } from './outputs.ts';

export interface TracedRun {
  /** Place in the report's sides. */
  readonly side: number;
  readonly repeat: number;
  readonly outcome: RunOutcome | 'missing';
  /** Null where nothing is known of it. */
  readonly run: Pick<RunFacts, 'latencyMs' | 'costUsd' | 'inputTokens' | 'outputTokens'>;
  /** In the order in which they ended, the first `REPORT_LIMITS.calls`; fewer where `callsTogether` are divided among many runs. */
  readonly calls: readonly TracedCall[];
  readonly callsLeftOut: number;
  /** Passages that the answer cites, and with which mark; null where it has no citations. */
  readonly cited: readonly { readonly id: string; readonly mark: string }[] | null;
}

export interface TracedCall {
  /** The node run's key, such as `draft[2]`. */
  readonly key: string;
  readonly call: ResultCall['call'];
  readonly step: string;
  /** Of a scorer, and not of the pipeline. */
  readonly isScorers: boolean;
  readonly outcome: ResultCall['outcome'];
  /** `made` for this run; else shared: `joined` with another of the same time, or `stored` from before. */
  readonly source: ResultCall['source'];
  readonly attempts: number;
  /** Milliseconds of the last attempt, in the run that made it. */
  readonly durationMs: number;
  /** The same on two sides: it is one call. */
  readonly memoKey: string;
  /** Cost of its provider calls; null when the result is no longer stored. */
  readonly spent: Spending | null;
  /** Why it failed; null when it did not, or when that is no longer stored. */
  readonly failure: string | null;
  /** At most `REPORT_LIMITS.passages` of each, their texts cut. */
  readonly lists: readonly PassageList[];
}

export interface TracesInput {
  readonly sides: readonly SideRef[];
  /** As of `CollectInput`. */
  readonly rowsOf: (evaluationId: string, exampleIds: readonly string[]) => Promise<readonly ResultRow[]>;
  readonly memo: Pick<MemoTable, 'read' | 'spending'>;
  /** Index of the side shown next to the first; default: all. */
  readonly only?: number | undefined;
}

/** By side, then by repeat. */
export async function readTraces(
  { sides, rowsOf, memo, only }: TracesInput,
  exampleId: string,
): Promise<readonly TracedRun[]> {
  const meant = sides
    .map((of, side) => ({ ...of, side }))
    .filter(({ side }) => only === undefined || side === 0 || side === only);
  const evaluationIds = [...new Set(meant.map(({ evaluationId }) => evaluationId))];
  const found = await Promise.all(evaluationIds.map(async (id) => [id, await rowsOf(id, [exampleId])] as const));
  const rows = new Map(found);
  const looked = meant.flatMap(({ evaluationId, variant, side }) =>
    rows
      .get(evaluationId)!
      .filter((row) => row.variant === variant)
      .map((row) => ({ side, row })),
  );
  const each = Math.min(REPORT_LIMITS.calls, Math.floor(REPORT_LIMITS.callsTogether / Math.max(1, looked.length)));
  const runs = looked.map(({ side, row }) => ({ side, row, calls: row.calls.slice(0, each) }));
  const records = await memo.read([...new Set(runs.flatMap(({ calls }) => calls.map(({ memoKey }) => memoKey)))]);
  const kept = [...records.values()];
  const spent = await memo.spending(kept);
  const spentBy = new Map(kept.map((record, place) => [record, spent[place]!]));
  return runs.map(({ side, row, calls }) => {
    const cited = citedIn(row.output);
    return {
      ...{ side, repeat: row.repeat, outcome: row.outcome, run: factsOf(row) },
      calls: calls.map((call) => tracedCall(call, records.get(call.memoKey), spentBy)),
      callsLeftOut: row.calls.length - calls.length,
      cited: cited === null ? null : [...cited].map(([id, mark]) => ({ id, mark })),
    };
  });
}

function factsOf({ run: { latencyMs, costUsd, inputTokens, outputTokens } }: ResultRow): TracedRun['run'] {
  return { latencyMs, costUsd, inputTokens, outputTokens };
}

/** Scorers' calls are named so. */
const SCORER = 'score:';

function tracedCall(
  { key, call, step, outcome, source, attempts, durationMs, memoKey }: ResultCall,
  record: MemoRecord | undefined,
  spentBy: ReadonlyMap<MemoRecord, Spending>,
): TracedCall {
  const given = record?.outcome;
  return {
    ...{ key, call, step, isScorers: key.startsWith(SCORER), outcome, source, attempts, durationMs, memoKey },
    spent: record === undefined ? null : spentBy.get(record)!,
    failure:
      given !== undefined && 'failure' in given
        ? cut(`${given.failure.code}: ${given.failure.message}`, REPORT_LIMITS.outputLength)
        : null,
    lists: given !== undefined && 'value' in given ? passageLists(given.value).map(shortened) : [],
  };
}

const shortened = ({ field, passages }: PassageList): PassageList => ({
  field,
  passages: passages
    .slice(0, REPORT_LIMITS.passages)
    .map((passage): Passage => ({ ...passage, text: cut(passage.text, REPORT_LIMITS.passageLength) })),
});
