/** Hosts that misbehave, plans that no check would pass, values that are stored elsewhere: a run always ends, typed. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, walk } from '../../src/plan/walk.ts';
import { begin, branch, from, map, plan, repeat, step } from './by-hand.ts';

const answerPlan = plan([step('a')], { x: 'a.x' });

describe('hosts', () => {
  it.each([
    ['an Error', new Error('down'), { code: 'StepFailed', message: 'down' }],
    [
      'a CallFailure',
      new CallFailure('Busy', '429', { retryable: true, details: { after: 3 } }),
      { code: 'Busy', details: { after: 3 } },
    ],
    ['an object of that shape', { code: 'Busy', message: '429' }, { code: 'Busy', message: '429' }],
    ['a string', 'down', { code: 'StepFailed', message: 'down' }],
    ['nothing', undefined, { code: 'StepFailed', message: 'failed' }],
    ['an object without anything', Object.create(null), { code: 'StepFailed', message: 'failed' }],
  ])('may reject with %s', async (_, rejection, error) => {
    const { outcome, error: found } = await walk(answerPlan, {}, () => Promise.reject(rejection)).finished;
    expect(outcome).toBe('failed');
    expect(found).toMatchObject({ node: 'a', key: 'a', ...error });
    expect(found?.cause).toBe(rejection);
  });

  it('may throw where they should reject', async () => {
    const execute = () => {
      throw new Error('at once');
    };
    expect((await walk(answerPlan, {}, execute).finished).error).toMatchObject({ key: 'a', message: 'at once' });
  });

  it('may tell of a cancellation through a call', async () => {
    const run = await begin(plan([step('a', {}, { orElse: { x: 1 } }), step('b')], { x: 'a.x', y: 'b.y' }));
    await run.fail('a', CALL_CANCELLED);
    expect((await run.result()).outcome).toBe('cancelled');
    expect(await run.outcomes()).toEqual({ a: 'cancelled', b: 'cancelled' });
  });

  it('may cancel before the start, or from within a call', async () => {
    const execute = vi.fn(async (): Promise<Json> => ({}));
    const before = await walk(answerPlan, {}, execute, { cancel: AbortSignal.abort() }).finished;
    expect(before).toMatchObject({ outcome: 'cancelled', nodes: [{ key: 'a', outcome: 'cancelled' }] });
    expect(execute).not.toHaveBeenCalled();
    const abort = new AbortController();
    const made: string[] = [];
    const within = await walk(
      plan([step('a'), step('b')], { x: 'a.x' }),
      {},
      async ({ key }) => {
        made.push(key);
        abort.abort();
        return {};
      },
      { cancel: abort.signal },
    ).finished;
    expect([within.outcome, made]).toEqual(['cancelled', ['a']]);
  });

  it('may have views that throw', async () => {
    const onNode = vi.fn(() => {
      throw new Error('broken view');
    });
    const result = await walk(answerPlan, {}, async () => ({ x: 1 }), { onNode }).finished;
    expect(result.outcome).toBe('completed');
    expect(onNode).toHaveBeenCalledTimes(1);
  });

  it('get no unhandled rejection, whatever they do not listen to', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    walk(answerPlan, {}, () => Promise.reject(new Error('down')));
    const abort = new AbortController();
    walk(answerPlan, {}, ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)), {
      cancel: abort.signal,
    });
    abort.abort();
    await setImmediate();
    await setImmediate();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('keep one listener on their signal while a run lasts, and none after', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const list = Array.from({ length: 50 }, (_, index) => index);
    await walk(plan([map('m', 'input.list', [step('a')], 'a', { max: 50 })]), { list }, async () => ({}), {
      cancel: signal,
    }).finished;
    await setImmediate();
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
  });
});

describe('plans that should not have got here', () => {
  it('a cycle ends in nodes that are never ready', async () => {
    const result = await walk(plan([step('a', { x: 'b' }), step('b', { x: 'a' })], { x: 'a' }), {}, async () => ({}))
      .finished;
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NeverReady' } });
    expect(result.nodes.map(({ outcome }) => outcome).sort()).toEqual(['blocked', 'failed']);
  });

  it('a cycle beside the answer loses no answer', async () => {
    const nodes = [step('a'), step('b', { x: 'c' }), step('c', { x: 'b' })];
    const walking = walk(plan(nodes, { x: 'a.x' }), {}, async () => ({ x: 1 }));
    expect([await walking.output, (await walking.finished).outcome]).toEqual([{ x: 1 }, 'degraded']);
  });

  it.each(['nowhere.x', 'constructor.name', '__proto__'])("a ref to '%s' is a typed failure", async (path) => {
    const result = await walk(plan([step('a', { x: path })], { x: 'a.x' }), {}, async () => ({})).finished;
    expect(result.error).toMatchObject({ key: 'a', code: 'WiringUnknown' });
  });

  it('what cannot be walked at all still ends', async () => {
    for (const nodes of [undefined, [null], [{ kind: 'teleport', id: 'a' }]]) {
      const broken = { ...answerPlan, nodes } as unknown as Plan;
      expect((await walk(broken, {}, async () => ({})).finished).outcome).toBe('failed');
    }
  });

  it('an output without a value is a typed failure', async () => {
    const result = await walk({ ...answerPlan, output: from('a.x') }, {}, async () => ({})).finished;
    expect(result.error).toMatchObject({ key: 'output', code: 'WiringAbsent' });
  });
});

describe('claims', () => {
  const claim = { $claim: 'abc', bytes: 300_000, length: 2 };

  it('pass through unread, and a map over one goes over its items', async () => {
    const each = map('each', 'search.passages', [step('one', { whole: 'each:item', text: 'each:item.text' })], 'one.x');
    const run = await begin(plan([step('search'), each, step('fuse', { all: 'search.passages' })], { all: 'each' }));
    await run.succeed('search', { passages: claim });
    expect(run.inputOf('fuse')).toEqual({ all: claim });
    expect(run.inputOf('one[1]')).toEqual({
      whole: { $claim: 'abc', path: [1] },
      text: { $claim: 'abc', path: [1, 'text'] },
    });
    await run.succeed('one[1]', { x: 'b' });
    await run.succeed('one[0]', { x: { $claim: 'def', bytes: 300_000 } });
    expect(run.output()).toEqual({ all: [{ $claim: 'def', bytes: 300_000 }, 'b'] });
  });

  it('cannot be mapped over when their length is not known', async () => {
    const run = await begin(plan([map('each', 'input.list', [step('one')], 'one')], { all: 'each' }), {
      list: { $claim: 'abc' },
    });
    expect((await run.result()).error).toMatchObject({ key: 'each', code: 'NotAList' });
  });
});

describe('size', () => {
  it('ten thousand nodes that need no call, in one chain, take no stack', async () => {
    const skipped = { when: from('input.no'), orElse: { x: false } };
    const nodes = Array.from({ length: 10_000 }, (_, index) =>
      step(`n${index}`, {}, index === 0 ? skipped : { ...skipped, when: from(`n${index - 1}.x`) }),
    );
    const walking = walk(plan(nodes, { x: 'n9999.x' }), { no: false }, async () => ({}));
    expect(await walking.output).toEqual({ x: false });
  });

  it('a loop of a thousand rounds and a map of a thousand items take none either', async () => {
    const arm = { nodes: [], yields: from('loop:carry.note') };
    const loop = repeat('loop', [branch('draft', 'input.no', arm, arm)], {
      max: 1_000,
      until: from('input.no'),
      carry: { $object: { note: from('draft') } },
    });
    const each = map('each', 'input.list', [], 'each:item', { max: 1_000, concurrency: 1 });
    const list = Array.from({ length: 1_000 }, (_, index) => index);
    const walking = walk(
      plan([loop, each], { rounds: 'loop.rounds', all: 'each' }),
      { no: false, list },
      async () => ({}),
    );
    expect(await walking.output).toEqual({ rounds: 1_000, all: list });
  });

  it('calls are started in plan order', async () => {
    const made: CallRequest[] = [];
    const nodes = Array.from({ length: 200 }, (_, index) => step(`n${index}`));
    await walk(plan(nodes), {}, async (request) => {
      made.push(request);
      return {};
    }).finished;
    expect(made.map(({ key }) => key)).toEqual(nodes.map(({ id }) => id));
  });
});

describe('a run of too many node runs', () => {
  const items = Array.from({ length: 1_000 }, (_, index) => index);
  const all = { max: 1_000, concurrency: 100 } as const;
  const skipped = step('skipped', {}, { when: { $value: false }, orElse: { x: 1 } });

  it('ends, typed, before it has filled the memory', async () => {
    const inner = map('inner', 'input.items', [skipped], 'skipped.x', all);
    const outer = map('outer', 'input.items', [inner], 'inner', all);
    const run = walk(plan([outer], { all: 'outer' }), { items }, () => Promise.resolve({}));
    const { outcome, nodes, error } = await run.finished;
    expect({ outcome, error }).toMatchObject({ outcome: 'failed', error: { code: 'run_too_large', node: 'inner' } });
    expect(nodes.length).toBeLessThanOrEqual(20_000);
    expect(nodes.filter((node) => node.outcome === 'failed').map(({ key }) => key)).toEqual([error?.key]);
  });

  it('keeps an answer that was known before', async () => {
    const log = map('log', 'input.items', [skipped], 'skipped.x', all);
    const logs = map('logs', 'a.items', [log], 'log', all);
    const run = walk(plan([step('a'), logs], { items: 'a.items' }), { items }, () => Promise.resolve({ items }));
    expect(await run.output).toEqual({ items });
    expect((await run.finished).outcome).toBe('degraded');
  });
});
