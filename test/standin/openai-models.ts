/** `GET /v1/models`, which costs nothing. https://platform.openai.com/docs/api-reference/models/list */
import { listedModels } from './models.ts';
import { nothingBilled } from './record.ts';
import type { Route } from './route.ts';

export const openaiModels: Route = {
  name: 'openai/models',
  method: 'GET',
  path: '/v1/models',
  read: () => ({
    kind: 'asked',
    route: 'openai/models',
    model: null,
    schema: null,
    text: '',
    streamed: false,
    chat: null,
    tokens: 0,
    answer: () => ({
      kind: 'json',
      body: {
        object: 'list',
        data: listedModels.map((id) => ({ id, object: 'model', created: 1_744_000_000, owned_by: 'system' })),
      },
      billed: nothingBilled,
    }),
  }),
};
