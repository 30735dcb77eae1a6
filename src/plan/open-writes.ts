/**
 * Calls of a plan that write outside. They are executed in live runs only; elsewhere a recorded output or the step's dry
 * run stands for them, and a plan that has neither is refused before it begins.
 */
import { SluiceError } from '../base/errors.ts';
import { nodesOf } from './nodes.ts';
import type { Plan } from './plan.ts';

/** What is known of a step, by `name@version`, that declares effect 'write'; undefined of any other. */
export type WriteOf = (step: string) => { readonly hasDryRun: boolean } | undefined;

/** A call whose step writes and has no dry run. */
export interface OpenWrite {
  readonly node: string;
  readonly call: 'step' | 'fallback';
  readonly step: string;
}

/** Every call that nothing stands for, in the order of definition, fallbacks and nodes in containers included. */
export function openWrites(plan: Pick<Plan, 'nodes'>, writeOf: WriteOf): readonly OpenWrite[] {
  return [...nodesOf(plan)].flatMap((node) => {
    if (node.kind !== 'step') return [];
    const { id, call, fallback } = node;
    const calls = [
      { node: id, call: 'step' as const, step: call.step },
      ...(fallback ? [{ node: id, call: 'fallback' as const, step: fallback.step }] : []),
    ];
    return calls.filter(({ step }) => writeOf(step)?.hasDryRun === false);
  });
}

/**
 * What a run, a rerun or an evaluation is refused with.
 *
 * @param what names it, and says where the recorded outputs are missing, if any could be there
 */
export function dryRunMissing(what: string, open: readonly OpenWrite[]): SluiceError {
  const named = open.map(({ node, step, call }) => `'${node}' (${step}${call === 'fallback' ? ', its fallback' : ''})`);
  const [nodes, steps] = [
    [...new Set(open.map(({ node }) => node))],
    [...new Set(open.map(({ step }) => step))].sort(),
  ];
  return new SluiceError('dry_run_missing', {
    message: `${what} would have to execute ${named.join(', ')}, which writes: only live runs may`,
    remedy: `declare what stands for its output, dryRun: { ... }, in defineStep of ${steps.join(', ')}, and restart the workers`,
    data: { nodes, steps },
  });
}
