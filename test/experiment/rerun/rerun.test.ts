/** Again from a node: what is called, what is not, and what failures on record are worth. */
import { describe, expect, test } from 'vitest';
import { downstreamOf, rerun } from '../../../src/experiment/rerun/rerun.ts';
import { applyEdits } from '../../../src/plan/compose.ts';
import type { Json, NodeEdit } from '../../../src/plan/plan.ts';
import { CallFailure, type CallRequest } from '../../../src/plan/walk.ts';
import { plan, step } from '../../plan/by-hand.ts';
import { docsBot, from } from '../../plan/example.ts';
import { counting, recordRun } from './recorded.ts';

const writeOf = () => undefined;
const INPUT = { question: 'how?', history: '' };

/** Each step gives something that says what it was made of; the second draft passes. */
function bot({ node, key, call, input }: CallRequest): Json {
  const made = call === 'step' ? node.call : node.fallback!;
  switch (node.id) {
    case 'enhance':
      return { queries: ['one', 'two'], standalone: 'how?', answerable: true };
    case 'lookup':
      return { passages: [{ id: (input as { query: string }).query }] };
    case 'check':
      return { passed: key.endsWith('[2]'), feedback: 'more' };
    default:
      return { text: JSON.stringify([key, made.config]), passages: [{ id: 'a' }], best: 'b' };
  }
}

const UPSTREAM = ['enhance', 'lookup', 'keyword', 'fused', 'ranked'];
const nodeOf = (call: string) => call.split(/[[ ]/)[0]!;
const edit = (node: string, config: Json): NodeEdit => ({ node, facet: 'config', config });

async function rerunBot(edits: readonly NodeEdit[], fresh = edits.map(({ node }) => node)) {
  const { record, output } = await recordRun(docsBot, INPUT, counting(bot).execute);
  const { calls, execute } = counting(bot);
  const run = await rerun({
    plan: applyEdits(docsBot, edits),
    record,
    fresh: new Set(fresh),
    writeOf,
    execute,
    observe: [from('ranked', 'passages')],
  });
  return { run, calls, output };
}

describe('what is called', () => {
  test('nothing before the edited node; after it what is given something else', async () => {
    const { run, calls, output } = await rerunBot([edit('draft', { model: 'other/model' })]);
    expect(calls.some((call) => UPSTREAM.includes(nodeOf(call)))).toBe(false);
    expect(calls).toEqual(['draft[1]', 'check[1]', 'draft[2]', 'check[2]']);
    expect(run.calls).toEqual({ reused: 6, made: 4 });
    expect(run.output).not.toEqual(output);
    expect(run.served.output).toEqual(output);
    expect(run.result.observed).toEqual(run.served.result.observed);
  });

  test('an edited node that gives what it gave changes nothing after it', async () => {
    const { calls, run } = await rerunBot([edit('keyword', { topK: 5 })]);
    // It says its config in `text`, which nobody reads.
    expect(calls).toEqual(['keyword']);
    expect(run.calls).toEqual({ reused: 9, made: 1 });
  });

  test('from a node on: that and all that hangs on it, whether it changes or not', async () => {
    const { calls } = await rerunBot([], [...downstreamOf(docsBot, 'ranked')]);
    expect(calls).toEqual(['ranked', 'draft[1]', 'check[1]', 'draft[2]', 'check[2]']);
  });
});

describe('what is downstream', () => {
  test.each([
    ['check', ['check', 'answer', 'draft', 'reply']],
    ['fused', ['fused', 'ranked', 'draft', 'check', 'answer', 'reply']],
    ['lookup', ['lookup', 'vector', 'fused', 'ranked', 'draft', 'check', 'answer', 'reply']],
    ['answer', ['answer', 'draft', 'check', 'reply']],
  ])('of %s', (node, expected) => {
    expect([...downstreamOf(docsBot, node)].sort()).toEqual([...expected].sort());
  });
  test('of what decides on a branch: all of it', () => {
    expect(downstreamOf(docsBot, 'enhance').size).toBe(11);
  });
  test('of a node that is none', () => {
    expect(() => downstreamOf(docsBot, 'rank')).toThrow(expect.objectContaining({ code: 'node_unknown' }));
  });
});

describe('failures on record', () => {
  const PLAN = plan(
    [step('search', { q: 'input.q' }, { orElse: { found: 'nothing' } }), step('tell', { of: 'search.found' })],
    {
      told: 'tell.said',
    },
  );
  async function recordedWith(code: string) {
    const fails = ({ node }: CallRequest) =>
      node.id === 'search' ? new CallFailure(code, 'no', { retryable: false }) : { said: 'well' };
    const { record } = await recordRun(PLAN, { q: 'x' }, counting(fails).execute);
    const { calls, execute } = counting(({ node }) => (node.id === 'search' ? { found: 'it' } : { said: 'better' }));
    const run = await rerun({ plan: PLAN, record, fresh: new Set(), writeOf, execute });
    return { calls, run };
  }

  test('of the step’s own fault are what they were', async () => {
    const { calls, run } = await recordedWith('refused');
    expect(calls).toEqual([]);
    expect(run.output).toEqual({ told: 'well' });
    expect(run.result.nodes.map(({ outcome }) => outcome)).toEqual(['or-else', 'completed']);
  });
  test.each(['rate_limited', 'no_worker', 'database_unreachable', 'deadline_exceeded'])(
    'that came from outside (%s) are tried anew',
    async (code) => {
      const { calls, run } = await recordedWith(code);
      expect(calls).toEqual(['search', 'tell']);
      expect(run.output).toEqual({ told: 'better' });
    },
  );
  test('with a fallback: what it gave, and why it was asked', async () => {
    const helped = plan([step('rank', {}, { fallback: { step: 'keep@1', config: {} } })], { of: 'rank.x' });
    const behave = ({ call }: CallRequest) =>
      call === 'step' ? new CallFailure('refused', 'no', { retryable: false }) : { x: 1 };
    const { record } = await recordRun(helped, {}, counting(behave).execute);
    const { calls, execute } = counting(behave);
    const run = await rerun({ plan: helped, record, fresh: new Set(), writeOf, execute });
    expect(calls).toEqual([]);
    expect(run.result.nodes).toMatchObject([{ outcome: 'fallback', error: { code: 'refused' } }]);
    expect([...run.reused.keys()]).toEqual(['rank step', 'rank fallback']);
    expect(run.reused.get('rank fallback')?.durationMs).toBe(60);
  });
});

test('a run whose outputs were not recorded is refused', async () => {
  const { record } = await recordRun(docsBot, INPUT, counting(bot).execute);
  const { execute } = counting(bot);
  await expect(
    rerun({ plan: docsBot, record: { ...record, outputs: new Map() }, fresh: new Set(), writeOf, execute }),
  ).rejects.toMatchObject({ code: 'outputs_missing', data: { key: 'enhance' } });
});

test('a rerun that is cancelled ends, and starts nothing more', async () => {
  const { record } = await recordRun(docsBot, INPUT, counting(bot).execute);
  const cancel = new AbortController();
  const { calls, execute } = counting((request) => {
    cancel.abort();
    return bot(request);
  });
  const run = await rerun({
    plan: docsBot,
    record,
    fresh: new Set(['draft']),
    writeOf,
    execute,
    cancel: cancel.signal,
  });
  expect(run.result.outcome).toBe('cancelled');
  expect(calls).toEqual(['draft[1]']);
});
