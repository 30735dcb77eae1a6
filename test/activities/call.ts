/** Calls a step's function as the boundary would: input, config and output go through the contract's schemas. */
import type { Implemented } from '../../src/boundary/implement.ts';
import type { AnyStep, InputOf, Json, OutputOf } from '../../src/index.ts';

export async function callStep<S extends AnyStep>(
  _step: S,
  implemented: Implemented,
  input: InputOf<S>,
  config: { readonly [key: string]: Json } = {},
  emit: (text: string) => void = () => undefined,
): Promise<OutputOf<S>> {
  const { step, run } = implemented;
  const context = {
    config: step.config.parse(config),
    signal: new AbortController().signal,
    heartbeat: () => undefined,
    emit,
    idempotencyKey: 'run:node',
    runId: 'run',
    key: 'node',
    attempt: 1,
    priority: 'serving' as const,
  };
  return step.output.parse(await run(step.input.parse(input), context)) as OutputOf<S>;
}
