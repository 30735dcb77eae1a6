/**
 * Lowering `.step(...)`: one call of the chain becomes one node of the plan.
 */

import { completePolicy } from '../plan/compose.ts';
import type { StepNode } from '../plan/plan.ts';
import { add, claim, type Draft, type PlaceOptions, type WiringFunction } from './draft.ts';
import {
  callOf,
  checkFallbackDiffers,
  checkLane,
  checkStandsIn,
  checkStep,
  OPTION_KEYS,
  standInValue,
  statedPolicy,
} from './place-step.ts';
import { checkKeys, refuse } from './refuse.ts';
import { lowerCondition, lowerObjectIn } from './scope.ts';
import type { AnyStep } from './step.ts';

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
