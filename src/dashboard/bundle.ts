/** The dashboard from its sources, by Vite. The bundler is there where the sources are; a published package carries what was built. */
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

/** Where the server shows it. */
const BASE = '/ui/';

/** Larger parts are split off: what a screen does not need is not loaded with it. */
const CHUNK_KB = 700;

/** @param folder which is emptied first */
export async function bundleDashboard(folder: string): Promise<void> {
  await build({
    root: join(import.meta.dirname, 'web'),
    base: BASE,
    configFile: false,
    mode: 'production',
    // Whatever the process around it says it is: tests would get the libraries' slow halves.
    define: { 'process.env.NODE_ENV': '"production"' },
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
}
