/**
 * A step is a contract and nothing else: a name and version, what it takes, gives and is configured with, and how it
 * is attempted. Implementations are bound by workers, so definitions stay pure and can be loaded anywhere.
 */
import { z } from 'zod';
import type { WriteOf } from '../plan/open-writes.ts';
import type { CallPolicy, Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { Draft } from './draft.ts';
import type { WiringError } from './ref.ts';
import { checkCount, checkKeys, checkName, checkObject, type Duration, durationMs, refuse, show } from './refuse.ts';
import { checkFaithful, checkKnownKeys, parseLiteral, toJson } from './shape.ts';

declare const TYPES: unique symbol;
declare const DRY_RUN: unique symbol;

/**
 * What a step does outside its process. `none`: it computes, so only it may run in the local lane, where a crash silently
 * repeats it. `read`: it asks models, databases or services, and changes nothing there. `write`: it changes something
 * there, so it is executed in live runs only.
 */
export type Effect = 'none' | 'read' | 'write';

/** Marks, for the compiler only, the effect of a `write` step that declares a dry run. */
export interface WithDryRun {
  readonly [DRY_RUN]: true;
}

const EFFECTS: readonly unknown[] = ['none', 'read', 'write'] satisfies readonly Effect[];
const CHOOSE_EFFECT =
  "use 'none' for pure computation, 'read' where it asks a model, a database or a service and changes nothing there, 'write' where it changes something there";

/** What a step says at run time. */
export interface Contract<out StepEffect extends Effect = Effect> {
  readonly name: string;
  readonly version: number;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly config: z.ZodObject;
  readonly effect: StepEffect;
  /** What stands for the output of a `write` step where it is not executed; undefined where none is declared. */
  readonly dryRun: Json | undefined;
  readonly policy: StepPolicy;
}

/**
 * A step's contract with its types. `Config` is what authors write (keys with defaults may be left out), `Parsed` what the
 * implementation receives. The type parameters are declared one by one because their printed form is what the
 * compiler shows to people whose step does not fit.
 */
export interface Step<in Input, out Output, in Config, out StepEffect extends Effect = Effect, out Parsed = unknown>
  extends Contract<StepEffect> {
  /** What `.with` has set so far: laid under the config that a node gives. */
  readonly preset: { readonly [key: string]: Json };
  /** The same contract with other defaults: how a fallback or a swap names its model. */
  with(config: Partial<Config>): Step<Input, Output, Config, StepEffect, Parsed>;
  /** Of the compiler only: nothing is there at run time. */
  readonly [TYPES]: { input(value: Input): void; output: Output; config(value: Config): void; parsed: Parsed };
}

/** Any step at all, for those that only read its contract. */
export type AnyStep = Step<never, unknown, never>;

/** What an implementation of the step receives. */
export type InputOf<S extends AnyStep> = S extends Step<infer Input, unknown, never> ? Input : never;
/** What an implementation of the step returns. */
export type OutputOf<S extends AnyStep> = S extends Step<never, infer Output, never> ? Output : never;
/** The config as an implementation of the step receives it: parsed, defaults filled in. */
export type ConfigOf<S extends AnyStep> = S extends Step<never, unknown, never, Effect, infer Parsed> ? Parsed : never;

type NoFields = Record<never, never>;
type OnlyOfWrite<StepEffect> = [StepEffect] extends ['write']
  ? unknown
  : WiringError<"only a step that declares effect: 'write' has a dryRun">;
/** zod types an object without fields as one whose every field is `never`, which would have all keys rather than none. */
type Declared<T> = [T] extends [Record<string, never>] ? NoFields : T;

/**
 * Declares a step.
 *
 * @param name letters, digits, '-' and '_'; a verb reads best (`rerank`)
 * @param contract `version` goes up when what the step does changes; `input`, `output` and `config` are z.object schemas of
 *   plain JSON; `effect` says what it does outside: nothing, read, or write; `dryRun` is the output that stands for a `write` where it is not
 *   executed (shadows, backtests, evaluations); `policy` is in words (`'30 seconds'`)
 * @throws DefinitionError naming the part that is wrong
 *
 * @example
 * const rerank = defineStep('rerank', {
 *   version: 2,
 *   input: z.object({ query: z.string(), passages: z.array(Passage) }),
 *   output: z.object({ passages: z.array(Passage) }),
 *   config: z.object({ topN: z.number().int().default(8) }),
 *   effect: 'read',
 *   policy: { attempts: 3, timeout: '30 seconds' },
 * });
 */
export function defineStep<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Config extends z.ZodObject = z.ZodObject<NoFields>,
  const StepEffect extends Effect = Effect,
  DryRun extends Declared<z.output<Output>> | undefined = undefined,
>(
  name: string,
  contract: {
    readonly version: number;
    readonly input: Input;
    readonly output: Output;
    readonly config?: Config;
    readonly effect: StepEffect;
    readonly dryRun?: DryRun & OnlyOfWrite<StepEffect>;
    readonly policy: Policy;
  },
): Step<
  Declared<z.output<Input>>,
  Declared<z.output<Output>>,
  Declared<z.input<Config>>,
  DryRun extends undefined ? StepEffect : StepEffect & WithDryRun,
  Declared<z.output<Config>>
> {
  checkName(name, 'a step named');
  if (!/^[A-Za-z]/.test(name))
    refuse('name_invalid', `a step named '${name}' does not start with a letter`, 'choose another name');
  const at = `step '${name}'`;
  const { version, input, output, config = z.object({}), effect, dryRun, policy } = contract;
  checkCount(version, 1, LIMITS.version, `${at}: version`);
  checkFaithful(input, `${at}: input`);
  checkFaithful(output, `${at}: output`);
  checkFaithful(config, `${at}: config`);
  if (effect === undefined) refuse('effect_missing', `${at} declares no effect`, CHOOSE_EFFECT);
  if (!EFFECTS.includes(effect)) refuse('effect_unknown', `${at}: effect is ${show(effect)}`, CHOOSE_EFFECT);
  const read = readPolicy(policy, `${at}: policy`);
  const stands = dryRun === undefined ? undefined : readDryRun(dryRun, effect, output, `${at}: dryRun`);
  // Whether there is a dry run is of the type alone.
  const typed = effect as DryRun extends undefined ? StepEffect : StepEffect & WithDryRun;
  return withPreset({ name, version, input, output, config, effect: typed, dryRun: stands, policy: read }, {});
}

function readDryRun(dryRun: unknown, effect: Effect, output: z.ZodObject, at: string): Json {
  if (effect !== 'write')
    refuse(
      'dry_run_unused',
      `${at} is given, but its effect is '${effect}'`,
      "remove it: only a step of effect 'write' is left out where runs are repeated or evaluated",
    );
  checkKnownKeys(dryRun, output, at);
  return parseLiteral(output, dryRun, at);
}

function withPreset<Input, Output, Config, StepEffect extends Effect, Parsed>(
  contract: Contract<StepEffect>,
  preset: { readonly [key: string]: Json },
): Step<Input, Output, Config, StepEffect, Parsed> {
  const step = {
    ...contract,
    preset: Object.freeze(preset),
    with(config: Partial<Config>) {
      const changes = readPreset(contract, config);
      return withPreset<Input, Output, Config, StepEffect, Parsed>(contract, { ...preset, ...changes });
    },
  };
  return Object.freeze(step) as Step<Input, Output, Config, StepEffect, Parsed>;
}

/** Each key is checked alone: the whole config is when the step is placed, since only then is it whole. */
function readPreset({ name, config }: Contract, given: object): { readonly [key: string]: Json } {
  const at = `step '${name}'.with`;
  checkObject(given, at);
  checkKnownKeys(given, config, at);
  const read = Object.entries(given).map(([key, value]) => {
    const field = Object.hasOwn(config.shape, key) ? config.shape[key] : undefined;
    if (field) parseLiteral(field, value, `${at}, '${key}'`);
    return [key, toJson(value, `${at}, '${key}'`)] as const;
  });
  return Object.fromEntries(read);
}

/** The name that plans, the Temporal UI and workers know the step by: `rerank@2`. */
export function stepName(step: Pick<Contract, 'name' | 'version'>): string {
  return `${step.name}@${step.version}`;
}

/**
 * How calls are attempted, as authors write it: durations in words, everything but attempts and timeout optional. It is
 * read once, at definition, into the milliseconds that the plan carries.
 */
export interface Policy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** For one attempt, queueing excluded. */
  readonly timeout: Duration;
  /** The pause before the second attempt, how each next one grows, and the longest. Default: 1 s, doubling, to 30 s. */
  readonly backoff?: { readonly first: Duration; readonly factor: number; readonly max: Duration };
  /** The step gives a sign of life at least this often. Default: 5 seconds where the timeout is above 2 seconds. */
  readonly heartbeat?: Duration;
  /** Who beats: the activity boundary on a timer (default), or the step as it gets on. */
  readonly beats?: 'timer' | 'progress';
  /** A queue whose workers have what this step needs, when it is not the run's own. */
  readonly taskQueue?: string;
}

/** A contract's policy in milliseconds; a node adds its lane, and what follows from all of it. */
export type StepPolicy = Omit<CallPolicy, 'lane'>;

const DEFAULT_BACKOFF = Object.freeze({ firstMs: 1_000, factor: 2, maxMs: 30_000 });
export const POLICY_KEYS = ['attempts', 'timeout', 'backoff', 'heartbeat', 'beats', 'taskQueue'] as const;

/**
 * A whole policy, as a step's contract states it.
 *
 * @throws DefinitionError when a part is missing, unknown or outside its limit.
 */
export function readPolicy(policy: Policy, at: string): StepPolicy {
  const read = readPolicyChanges(policy, at);
  const { attempts, timeoutMs } = read;
  if (attempts === undefined || timeoutMs === undefined)
    return refuse(
      'policy_incomplete',
      `${at} has no ${attempts === undefined ? 'attempts' : 'timeout'}`,
      "state both, for example { attempts: 3, timeout: '30 seconds' }",
    );
  return Object.freeze({ attempts, timeoutMs, backoff: DEFAULT_BACKOFF, ...read });
}

/** Part of a policy, as a node's options or an edit state it. */
export function readPolicyChanges(policy: Partial<Policy>, at: string): Partial<StepPolicy> {
  checkKeys(policy, POLICY_KEYS, at);
  const { attempts, timeout, backoff, heartbeat, beats, taskQueue } = policy;
  if (attempts !== undefined) checkCount(attempts, 1, LIMITS.attempts, `${at}: attempts`);
  if (taskQueue !== undefined) checkQueue(taskQueue, `${at}: taskQueue`);
  if (beats !== undefined && beats !== 'timer' && beats !== 'progress')
    refuse('policy_invalid', `${at}: beats is ${show(beats)}`, "use 'timer' or 'progress'");
  return Object.freeze({
    ...(attempts !== undefined && { attempts }),
    ...(timeout !== undefined && { timeoutMs: durationMs(timeout, `${at}: timeout`) }),
    ...(backoff !== undefined && { backoff: readBackoff(backoff, `${at}: backoff`) }),
    ...(heartbeat !== undefined && { heartbeatMs: durationMs(heartbeat, `${at}: heartbeat`) }),
    ...(beats !== undefined && { beats }),
    ...(taskQueue !== undefined && { taskQueue }),
  });
}

function readBackoff(backoff: NonNullable<Policy['backoff']>, at: string): CallPolicy['backoff'] {
  const { factor } = backoff;
  const firstMs = durationMs(backoff.first, `${at}.first`);
  const maxMs = durationMs(backoff.max, `${at}.max`);
  if (typeof factor !== 'number' || !(factor >= 1 && factor <= LIMITS.backoffFactor))
    refuse('limit_exceeded', `${at}.factor is ${show(factor)}`, `use a number from 1 to ${LIMITS.backoffFactor}`);
  if (maxMs < firstMs)
    refuse('policy_invalid', `${at}.max is shorter than ${at}.first`, 'let max be the longest pause');
  return Object.freeze({ firstMs, factor, maxMs });
}

function checkQueue(queue: unknown, at: string): void {
  if (typeof queue === 'string' && queue.trim() !== '' && queue.length <= LIMITS.inlinedIdLength) return;
  refuse('limit_exceeded', `${at} is ${show(queue)}`, `use a name of 1 to ${LIMITS.inlinedIdLength} characters`);
}

/**
 * Each step once, by `name@version`, in order of definition, fallbacks included.
 *
 * @throws DefinitionError `step_twice` when two different contracts share a name and version: no worker could tell
 *   which one a plan means.
 */
export function stepsIn(known: Draft['known']): readonly AnyStep[] {
  const steps = new Map<string, AnyStep>();
  for (const each of known.values()) {
    if (each.kind !== 'step') continue;
    for (const step of each.fallback ? [each.step, each.fallback] : [each.step]) {
      const name = stepName(step);
      const other = steps.get(name) ?? step;
      if (!isSameContract(other, step))
        refuse('step_twice', `two different steps are named '${name}'`, 'give one another name, or another version');
      steps.set(name, other);
    }
  }
  return Object.freeze([...steps.values()]);
}

/** Which of these steps write, and whether something stands for them. */
export function writesIn(steps: Iterable<Contract>): WriteOf {
  const writes = new Map<string, { readonly hasDryRun: boolean }>();
  for (const step of steps)
    if (step.effect === 'write') writes.set(stepName(step), { hasDryRun: step.dryRun !== undefined });
  return (step) => writes.get(step);
}

/** `.with` changes defaults and no more, so its contract is the same. */
function isSameContract(one: Contract, other: Contract): boolean {
  const parts = ['input', 'output', 'config', 'effect', 'dryRun'] as const;
  return parts.every((part) => one[part] === other[part]);
}
