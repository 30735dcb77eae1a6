/** `/v1/datasets`: the datasets there are, their versions, and examples of the newest. */
import { z } from '@hono/zod-openapi';
import { type ExampleOptions, exampleOfRun } from '../../evaluation/dataset-row.ts';
import type { Json } from '../../plan/plan.ts';
import { NO_REDACTION } from '../../redaction/redaction.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, actor, addRoute, jsonAnswer, keyedRoute, type Routing, visibleRun } from '../route.ts';
import { RunId } from '../schemas.ts';

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

/** `POST /v1/datasets/{name}/examples`: what runs were asked becomes examples. */
const MOST_RUNS = 100;
const MOST_TAGS = 20;
const TAG_LENGTH = 100;

const Body = z
  .strictObject({
    runs: z.array(RunId).min(1).max(MOST_RUNS),
    accept: z.boolean().optional().openapi({ description: 'The output of each run is what is expected' }),
    expected: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'What is expected in place of the output; of one run alone' }),
    tags: z.array(z.string().min(1).max(TAG_LENGTH)).max(MOST_TAGS).optional(),
    begin: z.boolean().optional().openapi({ description: 'Begin the dataset where there is none of that name' }),
  })
  .refine(({ accept, expected }) => !(accept && expected), 'give one of accept and expected')
  .refine(({ runs, expected }) => expected === undefined || runs.length === 1, '`expected` is of one run')
  .openapi('NewExamples');

export const AddedExamples = z
  .object({
    dataset: z.string(),
    version: z.string(),
    examples: z.int().openapi({ description: 'How many the dataset has now' }),
    created: z.boolean().openapi({ description: 'False: these examples were in it as they are' }),
    added: z.array(z.string()).openapi({ description: 'Ids; examples that were in it before are not among them' }),
  })
  .openapi('AddedExamples');

const add = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/datasets/{name}/examples',
    tags: ['Datasets'],
    summary: 'Add runs to a dataset, as examples',
    description: 'All of them in one new version, or none: the first that does not fit refuses them all.',
    middleware: allow('operate'),
    request: {
      params: z.object({
        name: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'it is no name of a dataset')
          .openapi({ param: { name: 'name', in: 'path' }, example: 'ai-docs' }),
      }),
      body: { content: { 'application/json': { schema: Body } }, required: true },
    },
    responses: {
      201: { description: 'They are in it', content: { 'application/json': { schema: AddedExamples } } },
      ...problems(404, 409, 413, 415, 422),
    },
  });

export const addRunExamples: AddRoutes = (
  app,
  { allow, runtime: { store }, redaction = NO_REDACTION, rowSchemas = new Map() },
) =>
  addRoute(app, add(allow), async (context) => {
    const { name } = context.req.valid('param');
    const { runs: runIds, accept, expected, tags, begin = false } = context.req.valid('json');
    const given: ExampleOptions = {
      accept,
      expected: expected as Json | undefined,
      tags,
      schemas: rowSchemas.get(name),
    };
    const examples = await Promise.all(
      [...new Set(runIds)].map(async (runId) =>
        exampleOfRun({ store, redaction }, await visibleRun(store, context.var.caller, runId), given),
      ),
    );
    const origin = examples.length === 1 ? `run ${examples[0]!.id}` : `${examples.length} runs`;
    const { added, created, version } = await store.datasets.addAll(name, examples, origin, {
      mayBegin: begin,
      by: actor(context),
    });
    return context.json(
      { dataset: version.dataset, version: version.version, examples: version.examples, created, added },
      201,
    );
  });
