/** A pipeline by the name in a path, exact: programs that ask by the beginning of a name would get another one some day. */

import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import type { Pipelines } from '../host/project.ts';

/** @throws SluiceError `pipeline_unknown`, with the nearest name */
export function findPipeline(pipelines: Pipelines, name: string): AnyPipeline {
  const found = pipelines.get(name);
  if (found !== undefined) return found;
  throw new SluiceError('pipeline_unknown', {
    message: `there is no pipeline '${name}'`,
    remedy: suggest(name, pipelines.keys(), 'pipelines/index.ts exports none'),
  });
}

/** `docs-bot:wide` is a variant as the code has it, not what a name serves. */
export const isVariantName = (name: string): boolean => name.includes(':');

export const variantForbidden = (name: string): SluiceError =>
  new SluiceError('variant_forbidden', {
    message: `'${name}' is a variant, which this key may not choose`,
    remedy: `ask '${name.split(':')[0]}', or use a key with the scope operate`,
  });
