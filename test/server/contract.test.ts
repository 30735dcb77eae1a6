import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { API } from '../../src/contract/api.ts';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { type EndpointName, PATHS } from '../../src/contract/paths.ts';
import { importsOf } from '../support/imports.ts';
import { LIMITS } from './api-support.ts';

interface Documented {
  readonly summary: string;
  readonly security?: readonly object[];
  readonly responses: { readonly [status: string]: object };
}

/** The OpenAPI document of an app whose routes are never asked. */
async function documentOf(): Promise<{ readonly [path: string]: { readonly [method: string]: Documented } }> {
  const runtime = { store: {}, client: {}, connection: {}, temporal: { uiUrl: '' }, streams: {} };
  const app = createApp({
    ...{ runtime, limits: LIMITS, pipelines: new Map(), version: '0', log: () => undefined },
  } as unknown as ServerDependencies);
  return ((await (await app.request('/openapi.json')).json()) as { paths: Awaited<ReturnType<typeof documentOf>> })
    .paths;
}

const names = Object.keys(PATHS) as EndpointName[];
const operations: readonly [EndpointName, Endpoint][] = names.map((name) => [name, API[name]]);

describe('API contract', () => {
  it('has each operation of the OpenAPI document, and no others', async () => {
    const document = await documentOf();
    const documented = Object.entries(document).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary, responses }]) => ({
        ...{ method, path, summary, statuses: Object.keys(responses).sort() },
      })),
    );
    const declared = operations
      .filter(([, { hide }]) => hide !== true)
      .map(([name, { summary, responses }]) => {
        const [method, path] = PATHS[name];
        return { method, path, summary, statuses: Object.keys(responses).sort() };
      });
    const key = ({ method, path }: { method: string; path: string }) => `${path} ${method}`;
    const sorted = <Row extends { method: string; path: string }>(rows: readonly Row[]) =>
      rows.toSorted((one, other) => key(one).localeCompare(key(other)));
    expect(sorted(documented)).toEqual(sorted(declared));
  });

  it('asks for a key exactly where an operation needs a scope', async () => {
    const document = await documentOf();
    for (const [name, { scopes, isKeyOptional, hide }] of operations) {
      if (hide === true) continue;
      const [method, path] = PATHS[name];
      const security = document[path]?.[method]?.security ?? [];
      const expected = scopes.length === 0 ? [] : [...(isKeyOptional ? [{}] : []), { key: [] }];
      expect(security, name).toEqual(expected);
    }
  });

  it('names every parameter of a path', () => {
    for (const [name, { request }] of operations) {
      const inPath = [...PATHS[name][1].matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect(Object.keys(request?.params?.shape ?? {}).sort(), name).toEqual(inPath.sort());
    }
  });

  it('loads neither Hono, nor the store, nor Node', async () => {
    const imports = await importsOf('src/contract/*.ts');
    const typeImports = new Set<string>();
    for await (const file of glob('src/contract/*.ts'))
      for (const [, from] of (await readFile(file, 'utf8')).matchAll(/^import type [^;]*? from '([^']+)';/gm))
        typeImports.add(join('src/contract', from!));
    const loaded = imports.filter(({ target }) => !typeImports.has(target));
    expect(loaded.filter(({ target }) => /^(hono|@hono|node:|pg$|src\/store)/.test(target))).toEqual([]);
    expect(loaded.length).toBeGreaterThan(20);
  });
});
