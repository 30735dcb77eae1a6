/** The calls of one walk as they ended, so that the walk can be made again without making them. */
import type { Json } from '../plan/plan.ts';
import { CallFailure, type CallRequest } from '../plan/walk.ts';
import type { MemoOutcome, MemoRecord } from '../store/memo.ts';

/** What a call came to, and how long it took when it was made: its last attempt, in milliseconds. */
export type RecordedCall = Pick<MemoRecord, 'outcome' | 'durationMs'>;

/** By `callName`. Calls that were cancelled are not in it. */
export type RecordedCalls = ReadonlyMap<string, RecordedCall>;

/** `draft[2] fallback`: unique in a walk. */
export const callName = ({ key, call }: Pick<CallRequest, 'key' | 'call'>): string => `${key} ${call}`;

/** @throws CallFailure where the call failed */
export function outcomeValue(outcome: MemoOutcome): Json {
  if ('value' in outcome) return outcome.value;
  const { code, message, ...parts } = outcome.failure;
  throw new CallFailure(code, message, parts);
}
