import { describe, expect, test } from 'vitest';
import { callTable, spendingOf } from '../../src/cli/show-run.ts';
import type { ProviderCallRow } from '../../src/store/provider-calls.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';

const call: ProviderCallRow = {
  key: 'draft[2]',
  attempt: 1,
  provider: 'openai',
  model: 'gpt-5-mini',
  kind: 'text',
  status: 'done',
  usage: 'reported',
  inputTokens: 3_120,
  cachedInputTokens: null,
  outputTokens: 410,
  searchUnits: null,
  costUsd: 0.0016,
  requestId: null,
  errorCode: null,
  startedAt: 0,
  finishedAt: 1,
};

describe('what a run has cost', () => {
  test('says what it does not know', () => {
    const spent = { ...NOTHING_SPENT, paidCalls: 3, inputTokens: 3_120, outputTokens: 410 };
    const tokens = '3,120 tokens in, 410 out';
    expect(spendingOf({ ...spent, costUsd: 0.0123 })).toEqual(['$0.0123', tokens]);
    expect(spendingOf({ ...spent, costUsd: 0.0123, unknownCalls: 1, estimatedCalls: 2 })).toEqual([
      '≥ $0.0123, 1 call unknown, 2 calls estimated',
      tokens,
    ]);
    expect(spendingOf({ ...spent, unknownCalls: 3 })[0]).toBe('cost unknown, 3 calls unknown');
    expect(spendingOf(NOTHING_SPENT)).toEqual([]);
  });

  test('has a line for each call', () => {
    const cut = { status: 'cut', usage: 'unknown', inputTokens: null, outputTokens: null, costUsd: null } as const;
    const failed = { status: 'failed', usage: 'estimated', errorCode: 'overloaded', attempt: 2 } as const;
    expect(callTable([call, { ...call, ...cut }, { ...call, ...failed }])).toEqual([
      'call of   attempt  model              for   status                   in   out      cost',
      'draft[2]        1  openai/gpt-5-mini  text  done                  3,120   410   $0.0016',
      'draft[2]        1  openai/gpt-5-mini  text  cut                       –     –         –',
      'draft[2]        2  openai/gpt-5-mini  text  failed (overloaded)  ~3,120  ~410  ~$0.0016',
    ]);
  });
});
