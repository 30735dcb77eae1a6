/** Datasets: their versions and examples, and adding runs to them. */
import type { Example } from '../model/dataset.ts';
import { type Endpoints, jsonAnswer, jsonBody, outlineOf, problems, RunId, z } from './endpoint.ts';

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

const ExampleView = outlineOf<Example>(z.object({ id: z.string(), input: z.unknown() }).loose().openapi('Example'));

// `POST /v1/datasets/{name}/examples`: adds the inputs of runs as examples.

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

export const DATASETS = {
  listDatasets: {
    tags: ['Datasets'],
    summary: 'List datasets',
    scopes: ['read'],
    responses: {
      200: jsonAnswer('The newest version of each', z.object({ datasets: z.array(Version) })),
      ...problems(),
    },
  },
  getDataset: {
    tags: ['Datasets'],
    summary: 'Show a dataset, with a page of its examples',
    description: 'Of those for looking at and tuning on; the final split is kept for the end.',
    scopes: ['read'],
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
  },
  addRunsToDataset: {
    tags: ['Datasets'],
    summary: 'Add runs to a dataset, as examples',
    description: 'All of them in one new version, or none: the first that does not fit refuses them all.',
    scopes: ['operate'],
    request: {
      params: z.object({
        name: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'it is no name of a dataset')
          .openapi({ param: { name: 'name', in: 'path' }, example: 'ai-docs' }),
      }),
      body: jsonBody(Body),
    },
    responses: {
      201: jsonAnswer('They are in it', AddedExamples),
      ...problems(404, 409, 413, 415, 422),
    },
  },
} satisfies Endpoints;
