/** `/v1/datasets`: the datasets there are, their versions, and examples of the newest. */
import { z } from '@hono/zod-openapi';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';

const MOST_EXAMPLES = 200;
const NAME_LENGTH = 200;

const DatasetName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'it is no name of a dataset')
  .max(NAME_LENGTH)
  .openapi({ param: { name: 'name', in: 'path' }, example: 'ai-docs' });

const Version = z
  .object({
    dataset: z.string(),
    version: z.string().openapi({ description: 'Hash of the examples' }),
    sequence: z.int(),
    examples: z.int(),
    origin: z.string(),
    createdAt: z.number(),
    isCurrent: z.boolean(),
  })
  .openapi('DatasetVersion');

const ExampleView = z.object({ id: z.string(), input: z.unknown() }).loose().openapi('Example');

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/datasets',
    tags: ['Datasets'],
    summary: 'List datasets',
    middleware: allow('read'),
    responses: {
      200: jsonAnswer('The newest version of each', z.object({ datasets: z.array(Version) })),
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/datasets/{name}',
    tags: ['Datasets'],
    summary: 'Show a dataset, with a page of its examples',
    description: 'Of those for looking at and tuning on; the final split is kept for the end.',
    middleware: allow('read'),
    request: {
      params: z.object({ name: DatasetName }),
      query: z.object({
        after: z
          .string()
          .min(1)
          .max(NAME_LENGTH)
          .optional()
          .openapi({ description: 'The id of the last example seen' }),
      }),
    },
    responses: {
      200: jsonAnswer('It is there', z.object({ versions: z.array(Version), examples: z.array(ExampleView) })),
      ...problems(404),
    },
  });

export const addDatasets: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, list(allow), async (context) => context.json({ datasets: await store.datasets.list() }));
  addRoute(app, show(allow), async (context) => {
    const { name } = context.req.valid('param');
    const { after } = context.req.valid('query');
    const versions = await store.datasets.versions(name);
    const current = await store.datasets.find(name);
    // What is kept for the end is not for looking at.
    const examples = await store.datasets.examples(current.version, { split: 'dev', limit: MOST_EXAMPLES, after });
    return context.json({ versions, examples });
  });
};
