/** How a run that has no answer is told: where, why, what to do, and where to look. */
import { describe, expect, it } from 'vitest';
import { failureLines } from '../../src/cli/show-run.ts';
import { failedRun } from './fakes.ts';

const [node] = failedRun.nodes;
const failing = (code: string) =>
  failureLines({ ...failedRun, error: { code, message: 'why', node: 'ranked', key: 'ranked' } });

describe('a run that failed', () => {
  it('is told by the short id, the node and its step, its attempts and its time', () => {
    expect(failureLines({ ...failedRun, runId: 'run-7d2f0a1b-0000-4000-8000-000000000000' })).toEqual([
      '✖ run run-7d2f0a1b failed at ranked (rerank@2) after 4 attempts in 38 s',
      '  cohere answered 429 (rate limited) each time',
      "  give 'ranked' a fallback",
      `  ${failedRun.temporalUrl}`,
    ]);
  });

  it('at its first attempt, or at no node at all, is told so', () => {
    const once = failureLines({ ...failedRun, nodes: [{ ...node!, attempts: 1, durationMs: 12 }] });
    expect(once[0]).toBe('✖ run run-7d2f0000 failed at ranked (rerank@2) after 1 attempt in 12 ms');
    const nowhere = failureLines({ ...failedRun, nodes: [], error: null, durationMs: null });
    expect(nowhere.slice(0, 2)).toEqual(['✖ run run-7d2f0000 failed', '  there is no record of why']);
  });

  it.each([
    ['timeout', "give 'ranked' a longer timeout"],
    ['no_worker', 'sluice worker'],
    ['deadline_exceeded', 'SLUICE_RUN_DEADLINE_MS'],
    ['heartbeat_lost', 'see why the worker'],
    ['PayloadTooLarge', "let 'ranked' take or give less"],
    ['terminated', 'ask again'],
    ['anything_else', 'sluice runs run-7d2f0000'],
  ])('by %s says what to do', (code, words) => expect(failing(code)[2]).toContain(words));

  it('that was cancelled is told as that', () => {
    const cancelled = failureLines({
      ...failedRun,
      outcome: 'cancelled',
      error: { code: 'cancelled', message: 'why' },
    });
    expect(cancelled[0]).toBe('✖ run run-7d2f0000 cancelled in 38 s');
    expect(cancelled[2]).toContain('ask again');
  });
});
