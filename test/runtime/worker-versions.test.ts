import type { Client } from '@temporalio/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { createWorkerVersions } from '../../src/worker/worker-versions.ts';
import { run } from '../cli/fakes.ts';

/** A server that keeps one deployment as Temporal's does, as far as is asked of it. */
let server: {
  builds: { buildId: string; status: number; seconds: number }[];
  current: string;
  ramping: { buildId: string; percent: number } | undefined;
  token: number;
  writes: string[];
  /** Happens before a write is looked at: somebody else's. */
  meanwhile: (() => void) | undefined;
  refusal: string | undefined;
};

beforeEach(() => {
  const build = (buildId: string, status: number, seconds: number) => ({ buildId, status, seconds });
  server = {
    builds: [build('v1', 2, 100), build('v2', 1, 200), build('v0', 4, 50)],
    current: 'v1',
    ramping: undefined,
    token: 1,
    writes: [],
    meanwhile: undefined,
    refusal: undefined,
  };
});

/** As gRPC's errors are told apart. */
const failure = (code: number, details: string) =>
  Object.assign(new Error(details), { code, details, metadata: {}, name: 'ServiceError' });

const version = (buildId: string) => ({ deploymentName: 'sluice', buildId });

async function write(what: string, conflictToken: Uint8Array, apply: () => void) {
  server.meanwhile?.();
  server.meanwhile = undefined;
  if (conflictToken[0] !== server.token) throw failure(9, 'conflict token mismatch');
  if (server.refusal !== undefined) throw failure(9, server.refusal);
  server.writes.push(what);
  server.token += 1;
  apply();
}

const workflowService = {
  async describeWorkerDeployment({ deploymentName }: { deploymentName: string }) {
    if (server.builds.length === 0) throw failure(5, `no Worker Deployment found with name '${deploymentName}'`);
    return {
      conflictToken: Uint8Array.of(server.token),
      workerDeploymentInfo: {
        routingConfig: {
          currentDeploymentVersion: server.current === '' ? null : version(server.current),
          rampingDeploymentVersion: server.ramping ? version(server.ramping.buildId) : null,
          // Single precision, as it comes over the wire.
          rampingVersionPercentage: Math.fround(server.ramping?.percent ?? 0),
        },
        versionSummaries: server.builds.map(({ buildId, status, seconds }) => ({
          ...{ deploymentVersion: version(buildId), status, createTime: { seconds } },
        })),
      },
    };
  },
  setWorkerDeploymentCurrentVersion: (asked: { buildId: string; conflictToken: Uint8Array }) =>
    write(`current ${asked.buildId}`, asked.conflictToken, () => {
      server.current = asked.buildId;
      if (server.ramping?.buildId === asked.buildId) server.ramping = undefined;
    }),
  setWorkerDeploymentRampingVersion: (asked: { buildId: string; percentage: number; conflictToken: Uint8Array }) =>
    write(`ramp ${asked.buildId} ${asked.percentage}`, asked.conflictToken, () => {
      server.ramping = asked.buildId === '' ? undefined : { buildId: asked.buildId, percent: asked.percentage };
    }),
};

const temporal = { workflowService, options: { namespace: 'default' } } as unknown as Client;
const client = createWorkerVersions(temporal, 'sluice');

describe('the build of new runs', () => {
  test('is seen with all builds, the newest first', async () => {
    server.ramping = { buildId: 'v2', percent: 12.5 };
    expect(await client.workerVersions()).toEqual({
      deployment: 'sluice',
      current: 'v1',
      ramping: { buildId: 'v2', percent: 12.5 },
      versions: [
        { buildId: 'v2', status: 'inactive', createdAt: 200_000 },
        { buildId: 'v1', status: 'current', createdAt: 100_000 },
        { buildId: 'v0', status: 'draining', createdAt: 50_000 },
      ],
    });
    server.builds = [];
    expect(await client.workerVersions()).toBeUndefined();
    await expect(client.setCurrentVersion('v1')).rejects.toMatchObject({ code: 'versions_off' });
  });

  test('is set, ramped and stopped; what is so already is not written again', async () => {
    await client.rampVersion('v2', 33.3);
    expect(await client.rampVersion('v2', 33.3)).toMatchObject({ ramping: { buildId: 'v2', percent: 33.3 } });
    await client.setCurrentVersion('v2');
    await client.setCurrentVersion('v2');
    await client.stopRamp();
    expect(server.writes).toEqual(['ramp v2 33.3', 'current v2']);
    expect(await client.setCurrentVersion(null)).toMatchObject({ current: null, ramping: null });
  });

  test('given wholly to one build leaves nothing to a ramp of another', async () => {
    server.ramping = { buildId: 'v2', percent: 20 };
    expect(await client.setCurrentVersion('v1')).toMatchObject({ current: 'v1', ramping: null });
    expect(server.writes).toEqual(['ramp  0']);
  });

  test('a conflict about something else is tried again; about the same it is told', async () => {
    server.meanwhile = () => {
      server.token += 1;
      server.builds.push({ buildId: 'v3', status: 1, seconds: 300 });
    };
    expect(await client.setCurrentVersion('v2')).toMatchObject({ current: 'v2' });
    server.meanwhile = () => {
      server.token += 1;
      server.ramping = { buildId: 'v3', percent: 50 };
    };
    await expect(client.setCurrentVersion('v1')).rejects.toMatchObject({
      ...{ code: 'versions_changed', message: expect.stringContaining('50 % to v3') },
    });
    expect(server.current).toBe('v2');
  });

  test('a build that never ran, is current, or has too few workers is refused by name', async () => {
    await expect(client.setCurrentVersion('v22')).rejects.toMatchObject({
      code: 'build_unknown',
      remedy: "did you mean 'v2'?",
    });
    await expect(client.rampVersion('v1', 10)).rejects.toMatchObject({ code: 'build_current' });
    server.refusal = 'it does not have all the task queues';
    await expect(client.setCurrentVersion('v2')).rejects.toMatchObject({
      ...{ code: 'build_incomplete', message: expect.stringContaining('all the task queues') },
    });
    expect(server.writes).toEqual([]);
  });
});

describe('sluice worker versions', () => {
  const versions = async (line = '') => {
    const runtime = { client, stop: async () => undefined };
    return run(['worker', 'versions', ...line.split(' ').filter((word) => word !== '')], { runtime });
  };

  test('says who gets new runs, the builds, and what to do next', async () => {
    const { stdout, code } = await versions();
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('all new runs go to build v1');
    expect(stdout).toMatch(/v0 +draining +1970-01-01 00:00:50/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('  try the newest: sluice worker versions --ramp v2 --percent 10');
    server.builds = [];
    expect((await versions()).stdout).toContain('workers have no versions');
    expect((await versions('--json')).stdout).toBe('null\n');
  });

  test('changes it, builds being named by their beginning', async () => {
    server.builds.push({ buildId: 'abcdef', status: 1, seconds: 300 });
    const ramped = await versions('--ramp abc --percent 20');
    expect(ramped.stdout).toContain('20 % of the new runs go to build abcdef, the others to build v1\n');
    expect(ramped.stdout).toContain(
      'promote: sluice worker versions --current abcdef   stop: sluice worker versions --stop-ramp',
    );
    expect(JSON.parse((await versions('--stop-ramp --json')).stdout)).toMatchObject({ current: 'v1', ramping: null });
    expect((await versions('--current v2')).stdout).toContain('all new runs go to build v2');
    expect((await versions('--current unversioned')).stdout).toContain('all new runs go to workers without a version');
  });

  test.each([
    ['--ramp v2', 'how much it gets is not said'],
    ['--percent 20', '--percent is of a build'],
    ['--ramp v2 --percent 101', 'give a number from 0 to 100'],
    ['--current v2 --stop-ramp', 'cannot be used with'],
  ])('%s is a mistake in the command', async (line, message) => {
    const { code, stderr } = await versions(line);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(server.writes).toEqual([]);
  });
});
