/**
 * The pins of an evaluation: the code digests of its steps and the index snapshots that they read, fixed from beginning
 * to end. A step reads the index that its config names under `index`; a config with a `snapshot` field gets the pinned
 * one, so that a later ingest changes nothing.
 */
import { SluiceError } from '../base/errors.ts';
import type { EvaluationPins, ScorerSpec } from '../model/evaluation-spec.ts';
import { hashJson } from '../plan/id.ts';
import { stepCallsOf } from '../plan/nodes.ts';
import type { Json, Plan, StepCall } from '../plan/plan.ts';
import type { StepIdentity } from './memo-host.ts';

export interface PinSources {
  /** Of the implementations here, by `rerank@2`. */
  readonly digests: ReadonlyMap<string, string>;
  /**
   * Hash of the current snapshot, or of the one whose hash starts with `prefix`.
   *
   * @throws SluiceError `index_unknown` …
   */
  readonly snapshotOf: (index: string, prefix?: string) => Promise<string>;
}

type Config = { readonly [key: string]: Json };

const configOf = ({ config }: StepCall): Config =>
  config !== null && typeof config === 'object' && !Array.isArray(config) ? (config as Config) : {};

/** The index that a call reads; undefined where it reads none. */
export function indexOf(call: StepCall): { readonly index: string; readonly prefix?: string } | undefined {
  const { index, snapshot } = configOf(call);
  if (typeof index !== 'string') return undefined;
  return { index, ...(typeof snapshot === 'string' && { prefix: snapshot }) };
}

/** How a snapshot is named among the pins: by its index, and the prefix where the config asks for one. */
const pinKey = ({ index, prefix }: { index: string; prefix?: string }) =>
  prefix === undefined ? index : `${index}@${prefix}`;

/** Every call that an evaluation may make. */
export function callsOf(plans: readonly Plan[], scorers: readonly ScorerSpec[]): readonly StepCall[] {
  return [...plans.flatMap(stepCallsOf), ...scorers.flatMap(({ call }) => call ?? [])];
}

/** @throws SluiceError `step_unknown` for a step that is not implemented here; those of `snapshotOf` */
export async function pinsFor(
  plans: readonly Plan[],
  scorers: readonly ScorerSpec[],
  { digests, snapshotOf }: PinSources,
): Promise<EvaluationPins> {
  const calls = callsOf(plans, scorers);
  const steps = [...new Set(calls.map(({ step }) => step))].sort();
  const read = new Map(calls.flatMap((call) => indexOf(call) ?? []).map((named) => [pinKey(named), named]));
  const snapshots = await Promise.all(
    [...read].sort().map(async ([key, { index, prefix }]) => [key, await snapshotOf(index, prefix)] as const),
  );
  const pinned = {
    digests: Object.fromEntries(steps.map((step) => [step, digestOf(digests, step)])),
    snapshots: Object.fromEntries(snapshots),
  };
  const versions = scorers.map((scorer) => [scorer.id, versionOf(scorer, pinned)]);
  return { ...pinned, scorerVersions: Object.fromEntries(versions) };
}

function digestOf(digests: ReadonlyMap<string, string>, step: string): string {
  const digest = digests.get(step);
  if (digest !== undefined) return digest;
  throw new SluiceError('step_unknown', {
    message: `no implementation of ${step} is registered with this worker`,
    remedy: 'implement it in activities/index.ts and restart the worker',
    data: { step },
  });
}

/** A scorer is what its definition, its step's code, and what that reads make it. */
function versionOf({ definitionHash, call }: ScorerSpec, pins: Omit<EvaluationPins, 'scorerVersions'>): string {
  const identity = call === null ? null : identityOf(call, pins);
  return hashJson({ definitionHash, ...(identity && { ...identity }) });
}

/** What decides what a call gives, besides its config and input. */
export function identityOf(call: StepCall, pins: Pick<EvaluationPins, 'digests' | 'snapshots'>): StepIdentity {
  const named = indexOf(call);
  return { digest: pins.digests[call.step]!, snapshot: named ? pins.snapshots[pinKey(named)]! : null };
}

/** The config with the pinned snapshot, where it reads an index. */
export function pinnedConfig(call: StepCall, pins: Pick<EvaluationPins, 'snapshots'>): Json {
  const named = indexOf(call);
  return named ? { ...configOf(call), snapshot: pins.snapshots[pinKey(named)]! } : (call.config as Json);
}

/**
 * Checks that this worker's code is the pinned code.
 *
 * @throws SluiceError `evaluation_moved` naming the changed steps
 */
export function checkPinned(evaluationId: string, pins: EvaluationPins, digests: ReadonlyMap<string, string>): void {
  const steps = changedSteps(pins, digests);
  if (steps.length > 0) throw evaluationMoved(evaluationId, steps.join(', '), steps);
}

/** Another worker may have that code, so it is tried again. */
export const evaluationMoved = (evaluationId: string, what: string, steps: readonly string[] = []): SluiceError =>
  new SluiceError('evaluation_moved', {
    message: `${evaluationId} began with other code of ${what} than this worker has`,
    remedy: 'let a worker with that code end it, or begin another: its calls that did not change are not made again',
    retryable: true,
    data: { steps },
  });

/** Steps whose code differs from the pinned code. */
function changedSteps(pins: EvaluationPins, digests: ReadonlyMap<string, string>): readonly string[] {
  return Object.keys(pins.digests).filter((step) => digests.get(step) !== pins.digests[step]);
}
