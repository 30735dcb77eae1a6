/** Here also so that vitest, which looks for this file upwards, does not take the project's own. */
import { defineConfig } from 'vitest/config';

// Faster than processes, if only a little.
export default defineConfig({ test: { pool: 'threads' } });
