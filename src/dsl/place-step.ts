/**
 * A step in its place: config laid over the step's own, policy over the contract's, and the rules that join them. The
 * same rules hold when an edit puts another step or other options there.
 */
import { suggest } from '../base/nearest.ts';
import { completePolicy } from '../plan/compose.ts';
import type { CallPolicy, Json, StepCall, StepNode, Wiring } from '../plan/plan.ts';
import { add, claim, type Draft, type PlaceOptions, type WiringFunction } from './draft.ts';
import { lower, lowerCondition, lowerObjectIn } from './lower.ts';
import { checkKeys, checkObject, refuse, show } from './refuse.ts';
import { checkKnownKeys, fieldsOf, mayBeAbsent, parseLiteral, toJson } from './shape.ts';
import { type AnyStep, POLICY_KEYS, readPolicyChanges, stepName } from './step.ts';

export const OPTION_KEYS: readonly string[] = [...POLICY_KEYS, 'lane'];

/** The step with its config: what `config` says, over what was set before, over the schema's defaults. */
export function callOf(step: AnyStep, config: object, at: string, before: object = step.preset): StepCall {
  const where = `${at}: the config of '${stepName(step)}'`;
  checkObject(config, where);
  checkKnownKeys(config, step.config, where);
  const whole = parseLiteral(step.config, { ...before, ...config }, at);
  return Object.freeze({ step: stepName(step), config: whole });
}

/** What step and place say about the policy, the place last; `completePolicy` adds what follows from it. */
export function statedPolicy(step: AnyStep, options: PlaceOptions, at: string): CallPolicy {
  const { lane = 'activity', ...changes } = options;
  return { ...step.policy, ...readPolicyChanges(changes, at), lane };
}

/**
 * The local lane runs in the workflow's own worker, and again after a crash: nothing with effects may be there, and what
 * only a real activity has cannot be asked of it.
 */
export function checkLane(steps: readonly AnyStep[], options: PlaceOptions, at: string): void {
  const { lane = 'activity' } = options;
  if (lane !== 'activity' && lane !== 'local')
    refuse('lane_unknown', `${at}: lane is ${show(lane)}`, "use 'activity' or 'local'");
  if (lane === 'activity') return;
  for (const step of steps) {
    if (step.effect !== 'none')
      refuse(
        'lane_effect',
        `${at}: lane 'local' needs a step that declares effect: 'none'`,
        `'${stepName(step)}' declares '${step.effect}': use lane 'activity'`,
      );
    if (options.heartbeat ?? options.taskQueue ?? step.policy.heartbeatMs ?? step.policy.taskQueue)
      refuse(
        'lane_options',
        `${at}: lane 'local' has neither heartbeat nor taskQueue`,
        "remove them, or use lane 'activity'",
      );
  }
}

/** A scorer is asked outside live runs, where a `write` is never executed. */
export function checkScores(step: AnyStep, at: string): void {
  checkStep(step, at);
  if (step.effect === 'write')
    refuse(
      'scorer_writes',
      `${at}: its step '${stepName(step)}' declares effect: 'write'`,
      "score with a step that changes nothing outside: effect 'none' or 'read'",
    );
}

/** A fallback value for a step's output: a literal that the output schema accepts. */
export function standInValue(step: AnyStep, value: unknown, at: string): Json {
  const where = `${at}: orElse`;
  const wiring = lower(value, step.output, where);
  if (!('$value' in wiring))
    refuse('or_else_ref', `${where} holds a ref`, 'it is a value, known before the run: write a literal');
  return toJson(wiring.$value, where);
}

/**
 * Whether `step` may stand where `wired` is wired and `old` was placed: it finds what it needs, is not given what it
 * would refuse, and produces at least the old outputs.
 */
export function checkStandsIn(step: AnyStep, old: AnyStep, wired: Wiring | undefined, at: string): void {
  const keys = wired && keysOf(wired);
  for (const [key, field] of Object.entries(fieldsOf(step.input) ?? {}))
    if (keys && !keys.has(key) && !mayBeAbsent(field))
      refuse(
        'stand_in_input',
        `${at} is not wired to supply '${key}'`,
        `'${stepName(step)}' needs it: use replace, or another step`,
      );
  const isStrict = step.input.def.catchall?._zod.def.type === 'never';
  for (const key of isStrict ? (keys ?? []) : [])
    if (!Object.hasOwn(step.input.shape, key))
      refuse(
        'stand_in_input',
        `${at} is wired to supply '${key}', which '${stepName(step)}' refuses`,
        'let its input be a z.object, not a z.strictObject',
      );
  for (const [key, field] of Object.entries(fieldsOf(old.output) ?? {})) {
    const given = fieldsOf(step.output)?.[key];
    if (!mayBeAbsent(field) && (!given || mayBeAbsent(given)))
      refuse(
        'stand_in_output',
        `${at} must still produce '${key}' at its old type`,
        `'${stepName(step)}' does not: ${suggest(key, Object.keys(step.output.shape), 'it produces nothing')}`,
      );
  }
}

/** The keys of a wired input; undefined for a whole ref, whose fields were compared when it was lowered. */
function keysOf(wired: Wiring): ReadonlySet<string> | undefined {
  if ('$object' in wired) return new Set(Object.keys(wired.$object));
  if ('$value' in wired && typeof wired.$value === 'object' && wired.$value !== null)
    return new Set(Object.keys(wired.$value));
  return undefined;
}

/** A fallback helps only if it is another step, or the same one configured differently. */
export function checkFallbackDiffers(call: StepCall, fallback: StepCall, at: string): void {
  if (call.step === fallback.step && JSON.stringify(call.config) === JSON.stringify(fallback.config))
    refuse(
      'fallback_same',
      `${at}: its fallback is the same step with the same config`,
      'give another step, or .with({ ... }) something else',
    );
}

/** Refuses what is no step, before its parts are read. */
export function checkStep(step: unknown, at: string): asserts step is AnyStep {
  const isStep = typeof step === 'object' && step !== null && 'policy' in step && 'preset' in step && 'with' in step;
  if (!isStep) refuse('not_a_step', `${at} is given ${show(step)} as its step`, 'give what defineStep returned');
}

/** What the fifth argument of `.step` may hold, without its types. */
export interface StepOptions extends PlaceOptions {
  readonly fallback?: AnyStep;
  readonly orElse?: unknown;
  readonly when?: WiringFunction;
}

/** The draft with a step placed in it. */
export function placeStep(
  draft: Draft,
  id: string,
  step: AnyStep,
  wiring: WiringFunction,
  config: object = {},
  given: StepOptions = {},
): Draft {
  const at = `node '${id}'`;
  checkStep(step, at);
  checkKeys(given, [...OPTION_KEYS, 'fallback', 'orElse', 'when'], at);
  const { fallback, orElse, when, ...options } = given;
  const known = { kind: 'step', step, ...(fallback && { fallback }), options } as const;
  const claimed = claim(draft, id, {
    ...known,
    lower: (wire, schema, where) => lowerObjectIn(draft, wire, schema, where),
  });
  if (when !== undefined && orElse === undefined)
    refuse('when_needs_or_else', `${at}: 'when' needs 'orElse'`, 'say what its readers get when it is skipped');

  checkLane([step], options, at);
  const call = callOf(step, config, at);
  const input = lowerObjectIn(draft, wiring, step.input, at);
  const node: StepNode = {
    kind: 'step',
    id,
    call,
    input,
    policy: completePolicy(statedPolicy(step, options, at)),
    ...(fallback !== undefined && { fallback: fallbackOf(fallback, step, options, at) }),
    ...(orElse !== undefined && { orElse: standInValue(step, orElse, at) }),
    ...(when !== undefined && { when: lowerCondition(draft, when, `${at}: when`) }),
  };
  if (fallback) {
    checkStandsIn(fallback, step, input, at);
    checkFallbackDiffers(call, node.fallback!, at);
  }
  return add(claimed, id, [node], step.output);
}

function fallbackOf(fallback: AnyStep, step: AnyStep, options: PlaceOptions, at: string) {
  checkStep(fallback, `${at}: fallback`);
  checkLane([step, fallback], options, `${at}: fallback`);
  return callOf(fallback, {}, `${at}: fallback`);
}
