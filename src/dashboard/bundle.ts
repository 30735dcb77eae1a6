/** The dashboard from its sources, by Vite. The bundler is there where the sources are; a published package carries what was built. */
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig } from 'vite';

/** Where the server shows it. */
const BASE = '/ui/';

/** Larger parts are split off: what a screen does not need is not loaded with it. */
const CHUNK_KB = 700;

/** @param folder which is emptied first */
export async function bundleDashboard(folder: string): Promise<void> {
  // All parts of the bundler go by this, whatever the process around says it is: tests would get half of each.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build(configOf(folder));
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

const configOf = (folder: string): InlineConfig => ({
  root: join(import.meta.dirname, 'web'),
  base: BASE,
  configFile: false,
  logLevel: 'error',
  plugins: [react()],
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    // Nothing in the page but what the strict policy allows: no data addresses for scripts, no inlined ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: CHUNK_KB,
  },
});
