/**
 * Rolling out code: which build of the workers new runs go to, by Temporal's Worker Versioning. A run ends on the build it
 * began on; what is set here is about new ones. The split is by workflow id, so the same run is always on the same side.
 */
import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';

/** A build is still needed while it is `draining`: runs that began on it are not over. */
export type VersionStatus = 'current' | 'ramping' | 'inactive' | 'draining' | 'drained';

export interface WorkerVersion {
  readonly buildId: string;
  readonly status: VersionStatus;
  /** Milliseconds since the epoch: when its first worker came. */
  readonly createdAt: number;
}

export interface WorkerVersions {
  readonly deployment: string;
  /** Where new runs go; null: to workers without a version. */
  readonly current: string | null;
  /** Takes this part of them, in percent. */
  readonly ramping: { readonly buildId: string; readonly percent: number } | null;
  /** Newest first. */
  readonly versions: readonly WorkerVersion[];
}

/** Each takes effect on new runs when it resolves, or within a second. */
export interface WorkerVersionsClient {
  /** Undefined where no worker with a version has ever run. */
  workerVersions(): Promise<WorkerVersions | undefined>;
  /**
   * Gives all new runs to a build, and ends a ramp; also where none of the build's workers is alive.
   *
   * @param buildId null: to workers without a version
   * @throws SluiceError `build_unknown`, `build_incomplete`, `versions_changed`
   */
  setCurrentVersion(buildId: string | null): Promise<WorkerVersions>;
  /**
   * Gives a part of the new runs to a build, and the rest to the current one.
   *
   * @param percent from 0 to 100
   * @throws SluiceError `build_unknown`, `build_incomplete`, `build_current`, `versions_changed`
   */
  rampVersion(buildId: string, percent: number): Promise<WorkerVersions>;
  /** @throws SluiceError `versions_changed` */
  stopRamp(): Promise<WorkerVersions>;
}

interface Described extends WorkerVersions {
  readonly conflictToken: Uint8Array;
}

/** gRPC's codes. */
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
/** A conflict may be about what is not asked here, such as a new build's first worker: so often it is tried again. */
const TRIES = 5;
/** The numbers of `temporal.api.enums.v1.WorkerDeploymentVersionStatus`. */
const STATUSES: readonly VersionStatus[] = ['inactive', 'inactive', 'current', 'ramping', 'draining', 'drained'];

/** @param deployment as `Config.workerDeployment` has it */
export function createWorkerVersions(temporal: Client, deployment: string): WorkerVersionsClient {
  const { workflowService } = temporal;
  const { namespace } = temporal.options;
  const named = { namespace, deploymentName: deployment };

  async function describe(): Promise<Described | undefined> {
    const { conflictToken, workerDeploymentInfo: info } = await workflowService
      .describeWorkerDeployment(named)
      .catch((error: unknown) => {
        if (isCode(error, NOT_FOUND)) return { conflictToken: undefined, workerDeploymentInfo: undefined };
        throw error;
      });
    if (!info) return undefined;
    const {
      currentDeploymentVersion: current,
      rampingDeploymentVersion: ramping,
      ...routing
    } = info.routingConfig ?? {};
    const versions = (info.versionSummaries ?? []).map(({ deploymentVersion, status, createTime }) => ({
      buildId: deploymentVersion?.buildId ?? '',
      status: STATUSES[status ?? 0] ?? 'inactive',
      createdAt: Number(createTime?.seconds ?? 0) * 1_000,
    }));
    return {
      deployment,
      current: current?.buildId || null,
      ramping: ramping?.buildId
        ? { buildId: ramping.buildId, percent: percentOf(routing.rampingVersionPercentage) }
        : null,
      versions: versions.sort((a, b) => b.createdAt - a.createdAt),
      conflictToken: conflictToken ?? new Uint8Array(),
    };
  }

  /** Writes until it is as wanted; where somebody else has changed the same meanwhile, they are not overruled. */
  async function change(
    write: (conflictToken: Uint8Array) => Promise<unknown>,
    isWanted: (now: WorkerVersions) => boolean,
    buildId?: string,
  ): Promise<WorkerVersions> {
    let first: string | undefined;
    for (let tries = 1; ; tries += 1) {
      const now = await describe();
      if (now === undefined) throw noVersions(deployment);
      if (isWanted(now)) return plain(now);
      if (buildId !== undefined && !now.versions.some((version) => version.buildId === buildId))
        throw buildUnknown(buildId, now);
      first ??= routingOf(now);
      if (routingOf(now) !== first || tries > TRIES) throw versionsChanged(now);
      await write(now.conflictToken).catch((error: unknown) => {
        if (isCode(error, FAILED_PRECONDITION) && /conflict token/.test(error.details)) return;
        throw isCode(error, FAILED_PRECONDITION) ? buildIncomplete(buildId ?? '', error.details) : error;
      });
    }
  }

  const setRamp = (buildId: string, percentage: number) => (conflictToken: Uint8Array) =>
    workflowService.setWorkerDeploymentRampingVersion({ ...named, buildId, percentage, conflictToken });
  const stopRamp = () => change(setRamp('', 0), ({ ramping }) => ramping === null);

  return Object.freeze({
    async workerVersions() {
      const described = await describe();
      return described && plain(described);
    },
    async setCurrentVersion(buildId) {
      const set = (conflictToken: Uint8Array) =>
        workflowService.setWorkerDeploymentCurrentVersion({ ...named, buildId: buildId ?? '', conflictToken });
      await change(set, ({ current }) => current === buildId, buildId ?? undefined);
      // A ramp to another build stays otherwise, and not all new runs would go to this one.
      return stopRamp();
    },
    async rampVersion(buildId, percent) {
      const now = await describe();
      if (now?.current === buildId) throw buildCurrent(buildId);
      return change(
        setRamp(buildId, percent),
        ({ ramping }) => ramping?.buildId === buildId && ramping.percent === percentOf(percent),
        buildId,
      );
    },
    stopRamp,
  } satisfies WorkerVersionsClient);
}

/** The server keeps single precision: six digits of it. */
const percentOf = (percent: number | null | undefined): number => Number((percent ?? 0).toPrecision(6));

const plain = ({ conflictToken: _, ...versions }: Described): WorkerVersions => Object.freeze(versions);
const routingOf = ({ current, ramping }: WorkerVersions): string => JSON.stringify([current, ramping]);

function isCode(error: unknown, code: number): error is Error & { readonly details: string } {
  return isGrpcServiceError(error) && error.code === code;
}

const noVersions = (deployment: string): SluiceError =>
  new SluiceError('versions_off', {
    message: `no worker of '${deployment}' has a version`,
    remedy: 'start workers with SLUICE_WORKER_VERSIONING=1 and SLUICE_BUILD_ID, such as the commit',
    data: { deployment },
  });

const buildUnknown = (buildId: string, { versions }: WorkerVersions): SluiceError => {
  const known = versions.map((version) => version.buildId);
  return new SluiceError('build_unknown', {
    message: `no worker of build '${buildId}' has ever run here`,
    remedy: suggest(buildId, known, 'start one first'),
    data: { buildId, known },
  });
};

const buildIncomplete = (buildId: string, why: string): SluiceError =>
  new SluiceError('build_incomplete', {
    message: `build '${buildId}' cannot take new runs: ${why}`,
    remedy: 'start its workers, all queues of them, and try again',
    data: { buildId },
  });

const buildCurrent = (buildId: string): SluiceError =>
  new SluiceError('build_current', {
    message: `build '${buildId}' is the current one: all runs that are not given to another go there`,
    remedy: 'ramp another build, or stop the ramp: sluice worker versions --stop-ramp',
    data: { buildId },
  });

const versionsChanged = ({ current, ramping }: WorkerVersions): SluiceError =>
  new SluiceError('versions_changed', {
    message: `somebody else has changed where new runs go: to ${current ?? 'workers without a version'}${ramping ? `, ${ramping.percent} % to ${ramping.buildId}` : ''}`,
    remedy: 'look again, and decide again: sluice worker versions',
    data: { current, ramping: ramping && { ...ramping } },
  });
