/**
 * The steps a pipeline calls, so that a worker's catalogue can be made from pipelines.
 */
import type { WriteOf } from '../plan/open-writes.ts';
import type { Draft } from './draft.ts';
import { refuse } from './refuse.ts';
import { type AnyStep, type Contract, stepName } from './step.ts';

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
