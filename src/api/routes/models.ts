/** `GET /v1/models` and `GET /v1/models/{model}`: pipelines that can be talked to, as OpenAI's protocol lists models. */
import { z } from '@hono/zod-openapi';
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyPipeline } from '../../dsl/edit.ts';
import type { Pipelines } from '../../host/project.ts';
import type { Caller } from '../environment.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, isVariantName, keyedRoute, type Routing, variantForbidden } from '../route.ts';

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/models',
    tags: ['OpenAI'],
    summary: 'List models',
    description: 'Pipelines that declare `chat`; with the scope `operate`, also variants of them.',
    middleware: allow('ask', 'read', 'operate'),
    responses: {
      200: {
        description: 'All of them',
        content: { 'application/json': { schema: z.object({ object: z.literal('list'), data: z.array(Model) }) } },
      },
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/models/{model}',
    tags: ['OpenAI'],
    summary: 'Show a model',
    middleware: allow('ask', 'read', 'operate'),
    request: {
      params: z.object({
        model: z
          .string()
          .min(1)
          .max(300)
          .openapi({ param: { name: 'model', in: 'path' }, example: 'docs-bot' }),
      }),
    },
    responses: {
      200: { description: 'It is there', content: { 'application/json': { schema: Model } } },
      ...problems(404),
    },
  });

export const addModels: AddRoutes = (app, { allow, pipelines }) => {
  const created = Math.floor(Date.now() / 1_000);
  const viewOf = (id: string) => ({ id, object: 'model', created, owned_by: 'sluice' });
  addRoute(app, list(allow), (context) =>
    context.json({ object: 'list', data: modelsFor(pipelines, context.var.caller).map(viewOf) }),
  );
  addRoute(app, show(allow), (context) => {
    const { model } = context.req.valid('param');
    findModel(pipelines, context.var.caller, model);
    return context.json(viewOf(model));
  });
};

/** Pipelines as OpenAI's models: those that declare how they are talked to, and their variants for whoever may choose one. */
const Model = z
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
