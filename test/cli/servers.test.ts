/** How commands come by servers: those that are there, their own, or those of another command when it has ended. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import type { Services, StartServers } from '../../src/cli/session.ts';
import { fakeRuntime, finishedRun, nothingRunning, pipelines, run, undeployed } from './fakes.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const project = { folder: '/nowhere', pipelines, createActivities: () => [], activitiesFrom: 'built in' };
const busy = () =>
  new SluiceError('folder_busy', {
    message: 'process 7 has its servers for one command in /here',
    remedy: 'wait until it ends (or stop it: kill 7); sluice dev keeps servers that many commands share',
    retryable: true,
  });

const answering = (parts: object = {}) => {
  const started = {
    runId: finishedRun.runId,
    answer: Promise.resolve(finishedRun.output),
    finished: Promise.resolve(finishedRun),
  };
  return fakeRuntime({ client: { start: async () => started }, ...parts });
};

/** Services of a folder where nothing runs; starting fails `times` times, since another command has it. */
function busyFolder(times: number, runtime: unknown): Partial<Services> {
  let tries = 0;
  const start = async ({ onProgress }: StartServers) => {
    tries += 1;
    if (tries <= times) throw busy();
    onProgress?.('starting Temporal');
    return runtime as never;
  };
  return { connect: () => Promise.reject(nothingRunning()), project: async () => project, start };
}

/** Lets time pass until the command has ended, however long its modules take to load. */
async function ask(services: Partial<Services>, signal?: AbortSignal) {
  let isOver = false;
  const ran = run(['ask', 'docs-bot', 'How?'], { services, ...(signal && { signal }) }).finally(() => {
    isOver = true;
  });
  while (!isOver) await vi.advanceTimersByTimeAsync(1_000);
  return ran;
}

describe('a folder whose servers another command has', () => {
  it('is waited for, which is said once', async () => {
    const { runtime, state } = answering();
    const { code, stderr } = await ask(busyFolder(20, runtime));
    expect(stderr).toBe(
      'process 7 has its servers for one command in /here: waiting for it, at most 60 s\n' +
        'nothing runs here: starting the embedded servers for this command\nstarting Temporal\n' +
        undeployed('docs-bot'),
    );
    expect([code, state.stopped]).toEqual([0, 1]);
  });

  it('is given up after a minute, with what to do', async () => {
    const { code, stderr } = await ask(busyFolder(Number.POSITIVE_INFINITY, undefined));
    expect(stderr).toMatch(/✖ process 7 has its servers .*\n {2}wait until it ends .*; sluice dev keeps servers/);
    expect(code).toBe(1);
  });

  it('is waited for by readers, too, and Ctrl-C ends the waiting', async () => {
    const stop = new AbortController();
    const openStore = vi.fn(() => Promise.reject(busy()));
    const ran = run(['index', 'list'], { services: { openStore }, signal: stop.signal });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(openStore.mock.calls.length).toBeGreaterThan(2);
    stop.abort();
    expect((await ran).code).toBe(130);
  });
});

describe('a run that was cancelled while its server was away', () => {
  it('is not waited for without end', async () => {
    const stop = new AbortController();
    const never = new Promise(() => undefined);
    const start = async () => {
      stop.abort();
      return { runId: finishedRun.runId, answer: never, finished: never };
    };
    const { runtime, state } = fakeRuntime({ client: { start } });
    const { code, stderr } = await ask({ connect: async () => runtime as never }, stop.signal);
    expect(stderr).toContain('has not confirmed that it was cancelled; see later: sluice runs run-7d2f0000');
    expect([code, state.stopped]).toEqual([130, 1]);
  });
});

describe('servers of the command’s own', () => {
  it('are stopped at once when Ctrl-C came while they started', async () => {
    const stop = new AbortController();
    const start = vi.fn();
    const { runtime, state } = fakeRuntime({ client: { start } });
    const services = busyFolder(0, runtime);
    stop.abort();
    expect((await ask(services, stop.signal)).code).toBe(130);
    expect(start).not.toHaveBeenCalled();
    expect(state.stopped).toBe(1);
  });

  it('that end by themselves end the command, with the reason', async () => {
    const gone = new SluiceError('server_ended', {
      message: 'the embedded database is gone: SIGKILL',
      remedy: 'again',
    });
    const failed = Promise.reject(gone);
    failed.catch(() => undefined);
    const never = new Promise(() => undefined);
    const started = { runId: 'run-1', answer: never, finished: never };
    const { runtime, state } = fakeRuntime({ client: { start: async () => started }, failed });
    const { code, stderr } = await ask(busyFolder(0, runtime));
    expect(stderr).toMatch(
      /a server is gone: stopping the rest\n✖ the embedded database is gone: SIGKILL\n {2}again\n$/,
    );
    expect([code, state.stopped]).toEqual([1, 1]);
  });

  it('have addresses that end with them, which is said under the address', async () => {
    const { stdout } = await ask(busyFolder(0, answering({ isEphemeral: true }).runtime));
    expect(stdout).toMatch(
      /workflows\/run-7d2f0000\n {2}that address answers while `sluice dev` runs here; the run is kept\n$/,
    );
  });
});
