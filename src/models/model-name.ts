/** Models are named `provider/model` everywhere: in configs, prices, limits and rows. */
import { StepFailure } from '../boundary/failure.ts';
import type { ModelName } from '../model/provider-call.ts';

const PROVIDERS = ['openai', 'cohere', 'local'] as const;

/** Undefined where the name is none. */
export function readModelName(name: string): ModelName | undefined {
  const slash = name.indexOf('/');
  const provider = PROVIDERS.find((known) => known === name.slice(0, slash));
  const model = name.slice(slash + 1);
  return provider === undefined || model === '' ? undefined : Object.freeze({ provider, model });
}

/** @throws StepFailure `model_unknown` */
export function parseModelName(name: string): ModelName {
  const parsed = readModelName(name);
  if (parsed === undefined) throw unknownModel(name, `name it provider/model, of ${PROVIDERS.join(', ')}`);
  return parsed;
}

export function unknownModel(name: string, remedy: string): StepFailure {
  return new StepFailure('model_unknown', {
    message: `there is no model '${name.slice(0, 200)}'`,
    remedy,
    retryable: false,
    data: { model: name.slice(0, 200) },
  });
}
