/** A variant of a pipeline by its name, wherever the code has it: exported by itself, in an evaluation, or in an experiment. */
import type { AnyVariant } from '../dsl/edit.ts';
import { findNamed } from './lookup.ts';
import type { Session } from './session.ts';

/**
 * @param name its own (`wide`) or with its pipeline's (`docs-bot:wide`), or the beginning of either
 * @throws SluiceError `variant_unknown` with the nearest, `variant_ambiguous`
 */
export async function findVariant({ services }: Session, pipeline: string, name: string): Promise<AnyVariant> {
  const exported = [...(await services.pipelines()).values()].filter(isVariant);
  const defined = [...(await services.evaluations()).values(), ...(await services.experiments()).values()];
  const own = [...defined.flatMap(({ variants }) => variants), ...exported].filter(
    ({ variantOf }) => variantOf === pipeline,
  );
  return variantNamed(pipeline, name, [...new Map(own.map((variant) => [variant.name, variant])).values()]);
}

/** One of these, which are of the pipeline. @throws as `findVariant` */
export function variantNamed(
  pipeline: string,
  name: string,
  among: readonly AnyVariant[],
  whenNone = `'${pipeline}' has no variants`,
): AnyVariant {
  return findNamed({
    kind: 'variant',
    name: name.startsWith(`${pipeline}:`) ? name.slice(pipeline.length + 1) : name,
    among,
    nameOf: (variant) => variant.name,
    whenNone,
  });
}

export const isVariant = (pipeline: object): pipeline is AnyVariant => 'variantOf' in pipeline;
