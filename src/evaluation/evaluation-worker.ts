/** Shared parts of a process that works on evaluations: chunks share slots, the memo, plans and batched writes. */
import { onceEach } from '../base/once.ts';
import type { ResultRow } from '../model/evaluation-result.ts';
import type { WriteOf } from '../plan/open-writes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { PaidBy } from '../store/memo.ts';
import type { Spending } from '../store/spending.ts';
import type { Store } from '../store/store.ts';
import { createSlots, type MakeAttempt, type Slots } from './attempts.ts';
import { createBatches, createSharedMemo, openMemo, type SharedMemo } from './memo/memo.ts';

export interface EvaluationWorker {
  readonly store: Store;
  /** For all calls of the process. */
  readonly slots: Slots;
  readonly memo: SharedMemo;
  readonly attempt: MakeAttempt;
  /** Of the implementations here, by `rerank@2`. */
  readonly digests: () => Promise<ReadonlyMap<string, string>>;
  /** Whether a step's config has a place for the snapshot that it is to read. */
  readonly takesSnapshot: (step: string) => boolean;
  /** Of the steps here that write. */
  readonly writeOf: WriteOf;
  /** A plan never changes, so it is read once. @throws SluiceError `plan_unknown` */
  readonly planOf: (planId: string) => Promise<Plan>;
  /** What a call has cost. */
  readonly spend: (call: PaidBy) => Promise<Spending>;
  readonly putRows: (evaluationId: string, rows: readonly ResultRow[]) => Promise<void>;
  /** Redacts examples before they run, as a client redacts a run's input. Default: off. */
  readonly redaction?: Redaction;
}

export interface WorkerParts
  extends Pick<EvaluationWorker, 'store' | 'attempt' | 'digests' | 'takesSnapshot' | 'writeOf' | 'redaction'> {
  /** Calls that the process makes at once. */
  readonly concurrency: number;
}

/** Costs that are asked for together, and groups of rows that are stored together. */
const [MOST_COSTS, MOST_GROUPS] = [1_000, 100];
/** Cached plans: those of a few evaluations with all their variants. */
const MOST_PLANS = 200;

export function createEvaluationWorker({ concurrency, ...parts }: WorkerParts): EvaluationWorker {
  const { store } = parts;
  const put = createBatches<Rows, void>({
    send: (groups) => putTogether(store, groups),
    atOnce: 1,
    mostItems: MOST_GROUPS,
  });
  return Object.freeze({
    ...parts,
    slots: createSlots(concurrency),
    memo: createSharedMemo(() => openMemo(store.memo)),
    planOf: onceEach((id) => store.plans.get(id), MOST_PLANS),
    spend: createBatches<PaidBy, Spending>({
      send: (calls) => store.memo.spending(calls),
      atOnce: 1,
      mostItems: MOST_COSTS,
    }),
    putRows: (evaluationId: string, rows: readonly ResultRow[]) => put({ evaluationId, rows }),
  });
}

interface Rows {
  readonly evaluationId: string;
  readonly rows: readonly ResultRow[];
}

async function putTogether({ evaluations }: Store, groups: readonly Rows[]): Promise<readonly undefined[]> {
  for (const [evaluationId, of] of Map.groupBy(groups, (group) => group.evaluationId))
    await evaluations.putResults(
      evaluationId,
      of.flatMap(({ rows }) => rows),
    );
  return groups.map(() => undefined);
}
