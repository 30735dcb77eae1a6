/** `GET /v1/models` and `GET /v1/models/{model}`: pipelines that can be talked to, as OpenAI's protocol lists models. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyPipeline } from '../../dsl/edit.ts';
import type { Pipelines } from '../../host/project.ts';
import type { Caller } from '../environment.ts';
import { type AddRoutes, addRoute, isVariantName, variantForbidden } from '../route.ts';

export const addModels: AddRoutes = (app, { allow, pipelines }) => {
  const created = Math.floor(Date.now() / 1_000);
  const viewOf = (id: string) => ({ id, object: 'model' as const, created, owned_by: 'sluice' as const });
  addRoute(app, { allow }, 'listModels', (request) => ({
    object: 'list' as const,
    data: modelsFor(pipelines, request.context.var.caller).map(viewOf),
  }));
  addRoute(app, { allow }, 'getModel', (request) => {
    const { model } = request.params;
    findModel(pipelines, request.context.var.caller, model);
    return viewOf(model);
  });
};

export type TalkingPipeline = AnyPipeline & { readonly chat: NonNullable<AnyPipeline['chat']> };

const talks = (pipeline: AnyPipeline): pipeline is TalkingPipeline => pipeline.chat !== undefined;

const mayChoose = ({ scopes }: Caller, name: string): boolean => !isVariantName(name) || scopes.includes('operate');

/** Names of what the caller may ask. */
function modelsFor(pipelines: Pipelines, caller: Caller): readonly string[] {
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
