/** `sluice trace`: what it prints of a run. */
import { expect, test } from 'vitest';
import { createTerminal } from '../../src/cli/terminal.ts';
import { waterfallLines } from '../../src/cli/trace.ts';
import { AT, attempt, call, container, PLAN, row, traceOfScene } from '../telemetry/scene.ts';
import { fakeRuntime, run } from './fakes.ts';

const silent = { write: () => undefined };
const { colours } = createTerminal({ stdout: silent, stderr: silent, environment: {} });
const lines = (scene: Parameters<typeof traceOfScene>[0], more: { width?: number; hasContent?: boolean } = {}) =>
  waterfallLines(traceOfScene(scene), { colours, width: 80, hasContent: false, ...more });

const draft = row('draft[1]', { startedAt: AT + 1_000, durationMs: 3_000, queuedMs: 1_000, attempts: 2 });
const scene = {
  nodes: [row('search', { durationMs: 1_000, queuedMs: 0 }), container('answer', 'repeat'), draft],
  attempts: [
    attempt('draft[1]', 1, { startedAt: AT + 2_000, durationMs: 500, queuedMs: 1_000 }),
    attempt('draft[1]', 2, {
      outcome: 'completed',
      error: null,
      startedAt: AT + 3_000,
      durationMs: 1_000,
      queuedMs: 0,
    }),
  ],
  calls: [call('draft[1]', 2, { startedAt: AT + 3_000, finishedAt: AT + 4_000 })],
};

test('a waterfall: what happened, nested, with how long, when, and what went wrong', () => {
  expect(lines(scene)).toEqual([
    'bot                                                   5.0 s  ██████████████████',
    '├ search  search@1                                    1.0 s  ████',
    '└ answer  1 round                                     3.0 s     ████████████',
    '  └ round 1                                           3.0 s     ████████████',
    '    └ draft  draft@1 · 2 attempts                     3.0 s     ░░░░████████',
    '      ├ attempt 1  failed · by 1@here                500 ms     ░░░░██',
    '      │     ✖ overloaded: busy',
    '      └ attempt 2                                     1.0 s            █████',
    '        └ openai/gpt-5-mini  120→30 tok · $0.0012     1.0 s            █████',
  ]);
});

test('fits the terminal, and shows content where it is asked for', () => {
  for (const width of [60, 80, 120])
    for (const line of lines(scene, { width })) expect([...line].length).toBeLessThanOrEqual(width);
  const shown = lines(
    { ...scene, values: { outputs: new Map([['search', { value: { n: 7 } }]]) } },
    { hasContent: true },
  );
  expect(shown).toContain('│     out {"n":7}');
  expect(shown).toContain('│     in  – not kept');
  expect(shown.join('\n')).toContain('out {"text":"because"}');
});

test('what has no times has no bar, and a run under way ends where anything is known', () => {
  const skipped = row('search', { outcome: 'skipped', call: null, attempts: 0, startedAt: null, durationMs: null });
  const running = lines({ state: 'running', nodes: [skipped], attempts: [attempt('draft[1]', 1)] });
  expect(running[1]).toMatch(/^├ search {2}search@1 · skipped +–$/);
  expect(running[0]).toMatch(/^bot +– {2}▒+$/);
});

test('the command prints it with what was asked, and all of it as JSON', async () => {
  const given = {
    ...{ runId: 'run-1', pipeline: 'bot', planId: 'abcdef0123456789', arms: { rerank: 'wide' }, state: 'failed' },
    ...{ input: { question: 'why?' }, output: null, error: { code: 'x', message: 'it broke' }, nodes: [] },
    ...{ startedAt: AT, finishedAt: AT + 2_000, contentRemovedAt: null, contentRemovedBy: null },
    spent: {
      paidCalls: 0,
      costUsd: null,
      unknownCalls: 0,
      estimatedCalls: 0,
      inputTokens: 0,
      outputTokens: 0,
      byKey: new Map(),
    },
  };
  const said = { feedbackId: 'f', thumb: -1, score: 2 / 3, emoji: null, note: 'wrong', by: null };
  const store = {
    runs: { get: async () => given, outputs: async () => new Map() },
    plans: { get: async () => PLAN },
    payloads: {},
    traces: { attempts: { ofRun: async () => [] }, calls: async () => [] },
    feedback: { ofRun: async () => [said] },
  };
  const { runtime } = fakeRuntime({ store });
  const { stdout, code } = await run(['trace', 'run-1'], { runtime });
  expect(code).toBe(0);
  for (const line of [
    'run-1  failed in 2.0 s',
    '? why?',
    'in experiments: rerank (wide)',
    '✖ x: it broke',
    'thumb down score 0.667 “wrong”',
  ])
    expect(stdout).toContain(line);
  const json = JSON.parse((await run(['trace', 'run-1', '--json'], { runtime })).stdout);
  expect(json).toMatchObject({ runId: 'run-1', state: 'failed', input: { value: { question: 'why?' } }, nodes: [] });
});
