import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  loadActivities,
  loadEvaluations,
  loadExperiments,
  loadMonitors,
  loadPipelines,
  loadProject,
} from '../../src/host/project.ts';

/** A pipeline as the definition makes it, without its types: what a project's file exports at run time. */
const PIPELINE = '{ id: "p", plan: { format: 1 }, input: {}, output: {}, steps: [] }';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-project-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

describe('pipelines', () => {
  it('are those that pipelines/index.ts exports, by id, variants by their baseline and name', async () => {
    await write(
      'pipelines/index.ts',
      `const p: object = ${PIPELINE};
       export const pipelines: readonly object[] = [p, { ...p, variantOf: 'p', name: 'v' }];`,
    );
    expect([...(await loadPipelines(folder)).keys()]).toEqual(['p', 'p:v']);
  });

  it('may be built already', async () => {
    await write('pipelines/index.js', `export const pipelines = [${PIPELINE}];`);
    await write('package.json', '{"type": "module"}');
    expect([...(await loadPipelines(folder)).keys()]).toEqual(['p']);
  });

  it('are missing in an empty folder, which says how to begin', async () => {
    await expect(loadPipelines(folder)).rejects.toMatchObject({
      code: 'project_missing',
      remedy: expect.stringContaining('sluice init'),
    });
  });

  it.each([
    ['export nothing', '', 'export_missing', "does not export 'pipelines'"],
    ['export something else', 'export const pipeline = 1;', 'export_missing', "does not export 'pipelines'"],
    ['are no list', 'export const pipelines = 1;', 'export_invalid', 'is not a list'],
    [
      'hold what is no pipeline',
      'export const pipelines = [{ id: "x" }];',
      'export_invalid',
      "'pipelines.0' is not a pipeline",
    ],
    [
      'hold two of one name',
      `export const pipelines = [${PIPELINE}, ${PIPELINE}];`,
      'export_invalid',
      "two pipelines named 'p'",
    ],
    ['cannot be parsed', 'export const pipelines = [', 'project_broken', 'cannot be loaded'],
    ['import what is not there', "import './missing.ts'; export const pipelines = [];", 'project_broken', 'missing.ts'],
    ['throw', "throw new Error('no luck'); export const pipelines = [];", 'project_broken', 'no luck'],
  ])('that %s are refused by file and name', async (_name, text, code, words) => {
    await write('pipelines/index.mjs', text);
    await expect(loadPipelines(folder)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    await expect(loadPipelines(folder)).rejects.toMatchObject({
      message: expect.stringContaining(join(folder, 'pipelines/index.mjs')),
    });
  });

  it('with a mistake in a definition say it in its own words, also from another copy of the package', async () => {
    await write(
      'pipelines/index.mjs',
      `throw Object.assign(new Error("node 'ranked' is not wired to supply 'query'"),
        { name: 'DefinitionError', code: 'input_missing', remedy: 'wire it', data: { node: 'ranked' } });`,
    );
    await expect(loadPipelines(folder)).rejects.toMatchObject({
      code: 'input_missing',
      message: "node 'ranked' is not wired to supply 'query'",
      remedy: 'wire it',
      data: { node: 'ranked' },
    });
  });
});

describe('evaluations', () => {
  const EVALUATION = `{ id: "e", pipeline: ${PIPELINE}, dataset: { name: "d", input: {}, source: "d.csv" }, scorers: [], metrics: [] }`;

  it('are those that pipelines/index.ts exports, by id', async () => {
    await write('pipelines/index.mjs', `const e = ${EVALUATION}; export const evaluations = [e, { ...e, id: 'f' }];`);
    expect([...(await loadEvaluations(folder)).keys()]).toEqual(['e', 'f']);
  });

  it('are none where nothing exports any', async () => {
    expect(await loadEvaluations(folder)).toEqual(new Map());
    await write('pipelines/index.mjs', `export const pipelines = [${PIPELINE}];`);
    expect(await loadEvaluations(folder)).toEqual(new Map());
  });

  it.each([
    ['are no list', '1', "'evaluations' is not a list of evaluations"],
    ['hold something else', `[${PIPELINE}]`, "'evaluations.0' is not an evaluation: is it of defineEvaluation(…)?"],
    ['hold two of one id', `[${EVALUATION}, ${EVALUATION}]`, "'evaluations' has two evaluations named 'e'"],
  ])('that %s are refused by file and name', async (_name, exported, words) => {
    await write('pipelines/index.mjs', `export const evaluations = ${exported};`);
    await expect(loadEvaluations(folder)).rejects.toMatchObject({
      code: 'export_invalid',
      message: expect.stringContaining(`${join(folder, 'pipelines/index.mjs')}: ${words}`),
    });
  });
});

describe('experiments', () => {
  const EXPERIMENT = `{ id: "e", pipeline: ${PIPELINE}, variants: [], scorers: [], spec: { format: 1 } }`;

  it('are those that pipelines/index.ts exports, by id, and none where it exports none', async () => {
    await write('pipelines/index.mjs', `const e = ${EXPERIMENT}; export const experiments = [e, { ...e, id: 'f' }];`);
    expect([...(await loadExperiments(folder)).keys()]).toEqual(['e', 'f']);
    await write('other/pipelines/index.mjs', `export const pipelines = [${PIPELINE}];`);
    expect(await loadExperiments(join(folder, 'other'))).toEqual(new Map());
  });

  it.each([
    ['are no list', '1', "'experiments' is not a list of experiments"],
    ['hold something else', `[${PIPELINE}]`, "'experiments.0' is not an experiment: is it of defineExperiment(…)?"],
    ['hold one without a spec', `[{ ...${EXPERIMENT}, spec: null }]`, "'experiments.0' is not an experiment"],
    ['hold two of one id', `[${EXPERIMENT}, ${EXPERIMENT}]`, "'experiments' has two experiments named 'e'"],
  ])('that %s are refused by file and name', async (_name, exported, words) => {
    await write('pipelines/index.mjs', `export const experiments = ${exported};`);
    await expect(loadExperiments(folder)).rejects.toMatchObject({
      code: 'export_invalid',
      message: expect.stringContaining(`${join(folder, 'pipelines/index.mjs')}: ${words}`),
    });
  });
});

describe('monitors', () => {
  const MONITOR = `{ id: "m", pipeline: ${PIPELINE}, scorer: {}, spec: { format: 1 } }`;

  it('are those that pipelines/index.ts exports, by id, and none where it exports none', async () => {
    await write('pipelines/index.mjs', `const m = ${MONITOR}; export const monitors = [m, { ...m, id: 'n' }];`);
    expect([...(await loadMonitors(folder)).keys()]).toEqual(['m', 'n']);
    await write('other/pipelines/index.mjs', `export const pipelines = [${PIPELINE}];`);
    expect(await loadMonitors(join(folder, 'other'))).toEqual(new Map());
  });

  it.each([
    ['are no list', '1', "'monitors' is not a list of monitors"],
    ['hold something else', `[${PIPELINE}]`, "'monitors.0' is not a monitor: is it of defineMonitor(…)?"],
    ['hold two of one id', `[${MONITOR}, ${MONITOR}]`, "'monitors' has two monitors named 'm'"],
  ])('that %s are refused by file and name', async (_name, exported, words) => {
    await write('pipelines/index.mjs', `export const monitors = ${exported};`);
    await expect(loadMonitors(folder)).rejects.toMatchObject({
      code: 'export_invalid',
      message: expect.stringContaining(`${join(folder, 'pipelines/index.mjs')}: ${words}`),
    });
  });
});

describe('activities', () => {
  it('are those that activities/index.ts exports', async () => {
    await write('activities/index.ts', 'export const createActivities = (): string[] => ["mine"];');
    const { createActivities, activitiesFrom } = await loadActivities(folder);
    expect(createActivities({} as never)).toEqual(['mine']);
    expect(activitiesFrom).toBe(join(folder, 'activities/index.ts'));
  });

  it('are the built-in ones where the folder has none', async () => {
    const { createActivities, activitiesFrom } = await loadActivities(folder);
    expect(typeof createActivities).toBe('function');
    expect(activitiesFrom).toBe('built in');
  });

  it('that are no function are refused', async () => {
    await write('activities/index.mjs', 'export const createActivities = [];');
    await write('pipelines/index.mjs', 'export const pipelines = [];');
    await expect(loadProject(folder)).rejects.toMatchObject({ code: 'export_invalid' });
  });
});
