/** Pipelines as OpenAI's models: those that declare how they are talked to, and their variants for whoever may choose one. */
import { z } from '@hono/zod-openapi';
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyPipeline } from '../../dsl/edit.ts';
import type { Pipelines } from '../../host/project.ts';
import type { Caller } from '../environment.ts';
import { isVariantName, variantForbidden } from '../find-pipeline.ts';

export const Model = z
  .object({
    id: z.string().openapi({ example: 'docs-bot' }),
    object: z.literal('model'),
    created: z.int().openapi({ description: 'Seconds since 1970: when this server began to offer it' }),
    owned_by: z.literal('sluice'),
  })
  .openapi('Model');

export type TalkingPipeline = AnyPipeline & { readonly chat: NonNullable<AnyPipeline['chat']> };

const talks = (pipeline: AnyPipeline): pipeline is TalkingPipeline => pipeline.chat !== undefined;
const mayChoose = ({ scopes }: Caller, name: string): boolean => !isVariantName(name) || scopes.includes('operate');

/** Names of what the caller may ask. */
export function modelsFor(pipelines: Pipelines, caller: Caller): readonly string[] {
  return [...pipelines].filter(([name, each]) => talks(each) && mayChoose(caller, name)).map(([name]) => name);
}

/** @throws SluiceError `model_unknown`, with the nearest name; `variant_forbidden` */
export function findModel(pipelines: Pipelines, caller: Caller, name: string): TalkingPipeline {
  if (!mayChoose(caller, name)) throw variantForbidden(name);
  const found = pipelines.get(name);
  if (found !== undefined && talks(found)) return found;
  throw new SluiceError('model_unknown', {
    message: found ? `the pipeline '${name}' declares no chat, so it is no model` : `there is no model '${name}'`,
    remedy: suggest(name, modelsFor(pipelines, caller), 'no pipeline declares chat'),
  });
}
