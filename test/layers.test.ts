import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Import, importsIn, importsOf } from './support/imports.ts';

/** The folders of the sources from bottom to top: a folder imports only from itself and from those above it in this list. */
const LAYERS = [
  'src/base',
  'src/dashboard',
  'src/stats',
  'src/lsa',
  'src/plan',
  'src/ingest',
  'src/redaction',
  'src/model',
  'src/run-filter',
  'workflows',
  'src/dsl',
  'src/index.ts',
  'src/store',
  'src/config',
  'src/temporal',
  'src/embedded',
  'src/streaming',
  'src/boundary',
  'src/retrieval',
  'src/extractive',
  'src/models',
  'src/steps',
  'src/evaluation',
  'src/review',
  'src/experiment',
  'src/monitor',
  'activities',
  'src/telemetry',
  'src/client',
  'src/simulation',
  'src/worker',
  'src/host',
  'src/client.ts',
  'src/worker.ts',
  'pipelines',
  'src/contract',
  'src/api',
  'src/cli',
  'dashboard',
] as const;

const root = join(import.meta.dirname, '..');

const layerOf = (path: string): number => LAYERS.findIndex((layer) => path === layer || path.startsWith(`${layer}/`));

const isOurs = (path: string) => /^(src|workflows|activities|pipelines|dashboard)\//.test(path);

const breaksOrder = ({ file, target }: Import): boolean => isOurs(target) && layerOf(target) > layerOf(file);

describe('layers', () => {
  it('every source file has a layer', async () => {
    const files = new Set(
      (await importsOf('{src,workflows,activities,pipelines,dashboard}/**/*.{ts,tsx}')).map(({ file }) => file),
    );
    expect([...files].filter((file) => layerOf(file) === -1)).toEqual([]);
    expect(files.size).toBeGreaterThan(400);
  });

  it('every folder below src is in the list', () => {
    const folders = readdirSync(join(root, 'src')).map((name) => `src/${name}`);
    expect(folders.filter((path) => statSync(join(root, path)).isDirectory() && layerOf(path) === -1)).toEqual([]);
  });

  it('a folder imports only from folders below it, types included', async () => {
    const imports = await importsOf('{src,workflows,activities,pipelines,dashboard}/**/*.{ts,tsx}');
    expect(imports.filter(breaksOrder)).toEqual([]);
  });

  it.each([
    ['src/base/errors.ts', "import type { Json } from '../plan/plan.ts';"],
    ['src/store/outcomes.ts', "import { lookAt } from '../experiment/look.ts';"],
    ['src/store/datasets.ts', "import { contentHash } from '../evaluation/begin.ts';"],
    ['src/dsl/experiment.ts', "import { planner } from '../experiment/planner.ts';"],
    ['src/dsl/experiment.ts', "import 'sluice/client';"],
    ['src/telemetry/health.ts', "import { waitFor } from '../api/serve.ts';"],
    ['src/boundary/temporal.ts', "import type { Worker } from '../worker/worker.ts';"],
    ['src/steps/generate.ts', "import { docsBot } from '../../pipelines/docs-bot.ts';"],
    ['src/models/provider-failures.ts', "import { connectRuntime } from '../host/runtime.ts';"],
    ['src/evaluation/begin.ts', "const { addTallies } = await import('../experiment/serve.ts');"],
    ['src/monitor/alert.ts', "export { createWorker } from '../worker/worker.ts';"],
    ['workflows/experiment.ts', "import type { Store } from '../src/store/store.ts';"],
    ['src/review/start.ts', "import type { RunClient } from '../client/client.ts';"],
  ])('%s may not contain: %s', (file, source) => {
    expect(importsIn(file, source).filter(breaksOrder)).toHaveLength(1);
  });
});
