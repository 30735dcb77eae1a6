/**
 * The dashboard from its sources, by Vite: the app that the server serves, and the script and the style of report pages.
 * The bundler is there where the sources are; a published package carries what was built.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig, type Plugin } from 'vite';
import type { Build } from './built-folder.ts';

const here = join(import.meta.dirname, '../../dashboard');
/** Where the server shows it. */
const BASE = '/ui/';

/** Larger parts are split off: what a screen does not need is not loaded with it. */
const CHUNK_KB = 700;

/** @param folder which is emptied first */
export async function bundleDashboard(of: Build, folder: string): Promise<void> {
  // All parts of the bundler go by this, whatever the process around says it is: tests would get half of each.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build(of === 'app' ? appConfig(folder) : reportConfig(folder));
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

const COMMON = { root: here, configFile: false, logLevel: 'error' } as const satisfies InlineConfig;
const COMMON_BUILD = { emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } } as const;

const appConfig = (folder: string): InlineConfig => ({
  ...COMMON,
  base: BASE,
  plugins: [react()],
  build: {
    ...COMMON_BUILD,
    outDir: folder,
    // Nothing in the page but what the strict policy allows: no data addresses for scripts, no inlined ones.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: CHUNK_KB,
  },
});

/** One script and one style, which are written into each report. */
const reportConfig = (folder: string): InlineConfig => ({
  ...COMMON,
  publicDir: false,
  plugins: [react(), withLicences],
  build: {
    ...COMMON_BUILD,
    outDir: folder,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 2 * CHUNK_KB,
    rolldownOptions: {
      input: join(here, 'report.tsx'),
      output: {
        format: 'iife',
        codeSplitting: false,
        entryFileNames: 'report.js',
        assetFileNames: 'report[extname]',
      },
    },
  },
});

/** The licences of libraries ask to be named where their code is. */
const withLicences: Plugin = {
  name: 'licences',
  async generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      const folders = chunk.moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []);
      const licences = await Promise.all([...new Set(folders)].sort().map(licenceOf));
      // A page has no other ends of lines: with them the script would not have the hash that its policy names.
      const told = licences.join('\n').replaceAll('\r\n', '\n').replaceAll('*/', '* /');
      chunk.code = `/*!\n${told}*/\n${chunk.code}`;
    }
  },
};

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  // Some have none, or write its name otherwise.
  const files = await readdir(folder);
  const textOf = (name: string) => {
    const file = files.find((each) => each.toLowerCase().replace(/\.\w+$/, '') === name);
    return file === undefined ? '' : readFile(join(folder, file), 'utf8');
  };
  // Apache's is long and known by its address; its notice is to be kept.
  return license === 'Apache-2.0'
    ? `${name} ${version} (${license}, https://www.apache.org/licenses/LICENSE-2.0)\n${await textOf('notice')}`
    : `${name} ${version} (${license})\n${await textOf('license')}`;
}
