/**
 * Script and style of the page. A published package carries the script built; from sources it is bundled once per
 * content of those sources and kept, since bundling takes a second.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFiles } from '../../base/hash-files.ts';

export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Beside the code, where the package was built. */
export const PREBUILT_SCRIPT = 'page.js';
const STYLES = 'page/style';
/** In this order: what is later may overrule. */
const SHEETS = [
  'colours',
  'text',
  'frame',
  'answer',
  'metrics',
  'profile',
  'controls',
  'tables',
  'examples',
  'detail',
  'narrow',
];

const here = import.meta.dirname;
const root = join(here, '../../..');
/** All that can be in the script: more than is. */
const SOURCES = ['src/evaluation/{report,compare}/**/*.ts', 'src/stats/*.ts', 'src/*.ts', 'package.json'];

let kept: Promise<PageAssets> | undefined;

/** Read once per process. */
export function pageAssets(): Promise<PageAssets> {
  kept ??= readAssets();
  return kept;
}

async function readAssets(): Promise<PageAssets> {
  const prebuilt = join(here, PREBUILT_SCRIPT);
  const [script, sheets] = await Promise.all([
    existsSync(prebuilt) ? readFile(prebuilt, 'utf8') : bundledScript(),
    Promise.all(SHEETS.map((sheet) => readFile(join(here, STYLES, `${sheet}.css`), 'utf8'))),
  ]);
  // A script ends where its element is closed, whatever it means there.
  return Object.freeze({ script: script.replaceAll('</script', '<\\/script'), style: sheets.join('') });
}

async function bundledScript(): Promise<string> {
  const cache = join(root, '.sluice/cache');
  const path = join(cache, `report-page-${await hashFiles(root, SOURCES)}.js`);
  if (existsSync(path)) return readFile(path, 'utf8');
  const { bundlePage } = await import('./bundle-page.ts');
  const script = await bundlePage();
  await mkdir(cache, { recursive: true });
  // Written aside and renamed, so that nobody reads half a file.
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, script);
  await rename(unfinished, path);
  return script;
}
