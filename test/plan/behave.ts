/** What a random plan's steps do: a pure function of the call, so that the walker and its reference meet the same world. */
import type { Json, StepCall, StepNode } from '../../src/plan/plan.ts';
import type { Dice } from './arbitrary-wiring.ts';

interface Behaviour {
  readonly salt: number;
  readonly failPercent: number;
  readonly mistakePercent: number;
  readonly flagPercent: number;
  readonly claimPercent: number;
}

export function randomCall(dice: Dice): StepCall {
  const behaviour: Behaviour = {
    salt: dice.number(10_000),
    failPercent: dice.pick([0, 0, 0, 10, 50]),
    mistakePercent: dice.pick([0, 0, 0, 0, 0, 0, 0, 0, 0, 30]),
    flagPercent: dice.pick([50, 20, 80]),
    claimPercent: dice.pick([0, 0, 0, 0, 30]),
  };
  return { step: 'fake@1', config: { ...behaviour } };
}

export type Answer =
  | { readonly value: Json }
  /** `mistake` is a failure that no help applies to. */
  | { readonly failure: 'ordinary' | 'mistake' };

export function behave(node: StepNode, key: string, call: 'step' | 'fallback', input: Json): Answer {
  const made = call === 'step' ? node.call : node.fallback;
  const behaviour = made?.config as unknown as Behaviour;
  const chance = (percent: number, of: string) => hash([behaviour.salt, key, call, input, of]) % 100 < percent;
  if (chance(behaviour.mistakePercent, 'mistake')) return { failure: 'mistake' };
  if (chance(behaviour.failPercent, 'fail')) return { failure: 'ordinary' };
  const text = hash([behaviour.salt, key, call, input]).toString(36);
  const length = hash([text, 'length']) % 5;
  const items = chance(behaviour.claimPercent, 'claim')
    ? { $claim: `claim-${text}`, bytes: 300_000, length }
    : Array.from({ length }, (_, index) => ({ name: `${text}-${index}`, flag: hash([text, index]) % 2 === 0 }));
  return {
    value: {
      text,
      flag: chance(behaviour.flagPercent, 'flag'),
      items,
      ...(chance(50, 'note') && { note: `note ${text}` }),
    },
  };
}

/** FNV-1a with a final mix: equal parts, equal number. */
function hash(parts: readonly Json[]): number {
  const text = JSON.stringify(parts);
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return (state ^ (state >>> 13)) >>> 0;
}
