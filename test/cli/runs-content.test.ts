/** `sluice runs prune` and `erase`: what they would do is said, and done only when they are told to. */
import { describe, expect, it, vi } from 'vitest';
import type { ContentRemoval, ExampleOfRun } from '../../src/store/content.ts';
import { fakeRuntime, nothingRunning, run } from './fakes.ts';

const ENDED = { state: 'completed', contentRemovedBy: null };

function world(more: object = {}) {
  const due = ['run-1', 'run-2'];
  const erased = new Set<string>();
  const content = {
    due: vi.fn(async () => ({ runs: due.length, oldest: Date.UTC(2026, 0, 2, 3, 4, 5) })),
    dueRuns: vi.fn(async () => [...due]),
    ofUnit: vi.fn(async () => [
      ...due.filter((runId) => !erased.has(runId)).map((runId) => ({ runId, isRunning: false })),
      { runId: 'run-3', isRunning: true },
    ]),
    remove: vi.fn(async (runIds: readonly string[], _removal: ContentRemoval) => {
      for (const runId of runIds) erased.add(runId);
      return runIds;
    }),
    replaceUnit: vi.fn(async (_unit: string, _said: unknown): Promise<string | undefined> => undefined),
    examplesOf: async (): Promise<readonly ExampleOfRun[]> => [],
    pendingDeletions: async () => [...erased],
    endDeletions: vi.fn(async (_runIds: readonly string[]) => undefined),
    pendingTemporalRewrite: async () => ({ part: 'temporal', since: 'now' }),
    endTemporalRewrite: vi.fn(async (_done: unknown) => undefined),
    rewrite: vi.fn(async (_isEmbedded: boolean) => undefined),
  };
  const deleteWorkflowExecution = vi.fn(async () => ({}));
  const describeWorkflowExecution = () => Promise.reject(Object.assign(new Error('not found'), { code: 5 }));
  const { runtime } = fakeRuntime({
    store: { content, runs: { get: async (runId: string) => ({ runId, ...ENDED, ...more }) } },
    connection: {
      withDeadline: (_: number, call: () => unknown) => call(),
      workflowService: { deleteWorkflowExecution, describeWorkflowExecution },
    },
    embedded: { hasDatabase: false, temporalFile: undefined },
  });
  const sluice = (line: string) => run(line.split(' '), { runtime, environment: { USER: 'mo' } });
  return { sluice, content, due, runtime, deleteWorkflowExecution };
}

describe('sluice runs prune', () => {
  it('says what would go, and removes nothing', async () => {
    const { sluice, content } = world();
    const { stdout, code } = await sluice('runs prune --older-than 30d');
    expect(stdout).toContain('2 runs, the first of which ended 2026-01-02 03:04:05 UTC, would lose');
    expect([code, content.remove.mock.calls.length]).toEqual([0, 0]);
  });

  it('removes it, histories too, and says who did', async () => {
    const { sluice, content, deleteWorkflowExecution } = world();
    const { stdout, stderr } = await sluice('runs prune --older-than 30d --yes');
    expect(stdout).toBe('2 runs lost input, outputs, messages and notes; their numbers stay\n');
    expect(stderr).toBe('');
    expect(content.remove).toHaveBeenCalledWith(
      ['run-1', 'run-2'],
      expect.objectContaining({ by: 'retention', who: 'mo' }),
    );
    expect(deleteWorkflowExecution).toHaveBeenCalledWith({
      namespace: 'default',
      workflowExecution: { workflowId: 'run-2' },
    });
  });

  it('tells that histories stay where no server is there', async () => {
    const { runtime } = world();
    const services = { openStore: async () => runtime as never };
    const { stderr, code } = await run(['runs', 'prune', '--older-than', '30d', '--yes'], { services });
    expect(stderr).toContain('the histories of these runs stay');
    expect(code).toBe(0);
  });

  it('needs an age', async () => {
    expect((await world().sluice('runs prune')).code).toBe(2);
  });
});

describe('sluice runs erase', () => {
  it('erases one, once it is told to', async () => {
    const { sluice, content } = world();
    expect((await sluice('runs erase run-1')).stdout).toContain('would erase 1 run: run-1');
    expect(content.remove).not.toHaveBeenCalled();
    expect((await sluice('runs erase run-1 --yes')).stdout).toBe('1 run erased; how they went stays\n');
    expect(content.remove).toHaveBeenCalledWith(['run-1'], { by: 'erasure', who: 'mo', why: 'sluice runs erase' });
  });

  it('erases what has ended of a unit, and tells what has not', async () => {
    const { sluice } = world();
    const { stdout, stderr } = await sluice('runs erase --unit u-1 --yes');
    expect(stdout).toContain('2 runs erased');
    expect(stderr).toContain('1 run under way: erase again');
    const json = JSON.parse((await world().sluice('runs erase --unit u-1 --json')).stdout) as object;
    expect(json).toEqual({
      ...{ runs: ['run-1', 'run-2'], running: 1, erased: [], pseudonym: null, examples: [], dryRun: true },
    });
  });

  it('says what stands in place of a unit, and which examples were made of its runs', async () => {
    const { sluice, content } = world();
    content.replaceUnit.mockResolvedValue('erased-0');
    content.examplesOf = async () => [{ dataset: 'tuning', exampleId: 'e1', runId: 'run-1' }];
    const { stdout, stderr } = await sluice('runs erase --unit u-1 --yes');
    expect(content.replaceUnit).toHaveBeenCalledWith('u-1', { who: 'mo', why: 'sluice runs erase' });
    expect(stdout).toContain('the unit is replaced by erased-0');
    expect(stderr).toContain('1 example made of these runs stay in datasets: tuning/e1');
    expect(content.rewrite).toHaveBeenCalledWith(false);
    expect(content.endDeletions).toHaveBeenCalledWith(['run-1', 'run-2']);
    expect(content.endTemporalRewrite).toHaveBeenCalledWith({ part: 'temporal', since: 'now' });
  });

  it('erases runs of the unit that end meanwhile, before the unit is replaced', async () => {
    const { sluice, content, due } = world();
    content.remove.mockImplementationOnce(async (runIds) => {
      due.splice(0, due.length, 'run-4');
      return runIds;
    });
    content.replaceUnit.mockResolvedValue('erased-0');
    expect((await sluice('runs erase --unit u-1 --yes')).stdout).toContain('3 runs erased');
    const [, late] = content.remove.mock.calls;
    expect(late![0]).toEqual(['run-4']);
    expect(content.remove.mock.invocationCallOrder[1]).toBeLessThan(content.replaceUnit.mock.invocationCallOrder[0]!);
  });

  it('starts the embedded servers where nothing runs, since histories are theirs', async () => {
    const { runtime, deleteWorkflowExecution } = world();
    const start = vi.fn(async () => runtime as never);
    const services = { connect: () => Promise.reject(nothingRunning()), start };
    expect(await run(['runs', 'erase', 'run-1', '--yes'], { services })).toMatchObject({ code: 0 });
    expect(start).toHaveBeenCalledWith({ serves: 'command', onProgress: expect.any(Function) });
    expect(deleteWorkflowExecution).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['runs erase', 2, 'not said what is to be erased'],
    ['runs erase run-1 --unit u', 2, 'both a run and a unit'],
  ])('refuses: %s', async (line, code, said) => {
    expect(await world().sluice(line)).toMatchObject({ code, stderr: expect.stringContaining(said) });
  });

  it('refuses one that is under way, and finds nothing in one that was erased', async () => {
    const running = await world({ state: 'running' }).sluice('runs erase run-1 --yes');
    expect(running).toMatchObject({ code: 1, stderr: expect.stringContaining('run run-1 is under way') });
    expect((await world({ contentRemovedBy: 'erasure' }).sluice('runs erase run-1 --yes')).stdout).toContain(
      'nothing to erase',
    );
  });
});
