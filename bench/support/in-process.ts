/**
 * Steps and whole plans in this process, without Temporal: each call is made once, its data checked by the step's own
 * schemas. For measuring what answers are like; what a run costs, only a real host can say.
 */
import type { Implemented } from '../../src/boundary/implement.ts';
import { type AnyStep, type InputOf, type Json, type OutputOf, type Plan, stepName } from '../../src/index.ts';
import { configOf } from '../../src/plan/skeleton.ts';
import { walk } from '../../src/plan/walk.ts';

export interface InProcessHost {
  /** Calls one step. @throws ZodError where data does not fit, and what the step throws */
  call<S extends AnyStep>(step: S, input: InputOf<S>, config?: { readonly [key: string]: Json }): Promise<OutputOf<S>>;
  /** Runs a plan to its output. @throws WalkFailed */
  run(plan: Plan, input: Json): Promise<Json>;
}

export function createInProcessHost(implementations: readonly Implemented[]): InProcessHost {
  const byName = new Map(implementations.map((implemented) => [stepName(implemented.step), implemented]));

  async function perform(name: string, given: unknown, config: unknown, key: string, signal: AbortSignal) {
    const implemented = byName.get(name);
    if (!implemented) throw new Error(`no implementation of '${name}' was given`);
    const { step, run } = implemented;
    const context = {
      config: step.config.parse(config),
      signal,
      heartbeat: () => undefined,
      emit: () => undefined,
      idempotencyKey: `bench:${key}`,
      runId: 'bench',
      key,
      attempt: 1,
      priority: 'serving' as const,
    };
    return step.output.parse(await run(step.input.parse(given), context));
  }

  return {
    async call<S extends AnyStep>(step: S, input: InputOf<S>, config: { readonly [key: string]: Json } = {}) {
      const name = stepName(step);
      return (await perform(name, input, config, name, new AbortController().signal)) as OutputOf<S>;
    },
    async run(plan, input) {
      const { output, finished } = walk(plan, input, async ({ node, call, input: given, key, signal }) => {
        const { step } = call === 'step' ? node.call : node.fallback!;
        return (await perform(step, given, configOf(plan, node.id, call), key, signal)) as Json;
      });
      await finished;
      return output;
    },
  };
}
