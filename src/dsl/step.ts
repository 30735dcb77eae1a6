/**
 * A step is a contract and nothing else: a name and version, what it takes, gives and is configured with, and how it
 * is attempted. Implementations are bound by workers, so definitions stay pure and can be loaded anywhere.
 */
import { z } from 'zod';
import { LIMITS } from '../plan/limits.ts';
import type { Json } from '../plan/plan.ts';
import { checkFaithful } from './faithful.ts';
import { checkKnownKeys, parseLiteral, toJson } from './literal.ts';
import { type Policy, readPolicy, type StepPolicy } from './policy.ts';
import { checkCount, checkName, checkObject, refuse, show } from './refuse.ts';

declare const TYPES: unique symbol;

/** 'none' promises pure computation: only such a step may run in the local lane, where a crash silently repeats it. */
export type Effect = 'none' | 'external';

/** What a step says at run time. */
export interface Contract<out StepEffect extends Effect = Effect> {
  readonly name: string;
  readonly version: number;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly config: z.ZodObject;
  readonly effect: StepEffect;
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
/** zod types an object without fields as one whose every field is `never`, which would have all keys rather than none. */
type Declared<T> = [T] extends [Record<string, never>] ? NoFields : T;

/**
 * Declares a step.
 *
 * @param name letters, digits, '-' and '_'; a verb reads best (`rerank`)
 * @param contract `version` goes up when what the step does changes; `input`, `output` and `config` are z.object schemas of
 *   plain JSON; `effect` is 'external' unless the step is pure computation; `policy` is in words (`'30 seconds'`)
 * @throws DefinitionError naming the part that is wrong
 *
 * @example
 * const rerank = defineStep('rerank', {
 *   version: 2,
 *   input: z.object({ query: z.string(), passages: z.array(Passage) }),
 *   output: z.object({ passages: z.array(Passage) }),
 *   config: z.object({ topN: z.number().int().default(8) }),
 *   policy: { attempts: 3, timeout: '30 seconds' },
 * });
 */
export function defineStep<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Config extends z.ZodObject = z.ZodObject<NoFields>,
  const StepEffect extends Effect = 'external',
>(
  name: string,
  contract: {
    readonly version: number;
    readonly input: Input;
    readonly output: Output;
    readonly config?: Config;
    readonly effect?: StepEffect;
    readonly policy: Policy;
  },
): Step<
  Declared<z.output<Input>>,
  Declared<z.output<Output>>,
  Declared<z.input<Config>>,
  StepEffect,
  Declared<z.output<Config>>
> {
  checkName(name, 'a step named');
  if (!/^[A-Za-z]/.test(name))
    refuse('name_invalid', `a step named '${name}' does not start with a letter`, 'choose another name');
  const at = `step '${name}'`;
  const { version, input, output, config = z.object({}), effect = 'external', policy } = contract;
  checkCount(version, 1, LIMITS.version, `${at}: version`);
  checkFaithful(input, `${at}: input`);
  checkFaithful(output, `${at}: output`);
  checkFaithful(config, `${at}: config`);
  if (effect !== 'none' && effect !== 'external')
    refuse('effect_unknown', `${at}: effect is ${show(effect)}`, "use 'none' for pure computation, else 'external'");
  const read = readPolicy(policy, `${at}: policy`);
  return withPreset({ name, version, input, output, config, effect: effect as StepEffect, policy: read }, {});
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
