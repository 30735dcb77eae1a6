import { join } from 'node:path';
import { defineConfig } from 'evalite/config';
import { createSqliteStorage } from 'evalite/sqlite-storage';
import { CONCURRENCY, readTask } from '../pipeline.ts';

export default defineConfig({
  // Its default, but in a file of this evaluation's own.
  storage: () => createSqliteStorage(join(readTask().folder, 'evalite.db')),
  maxConcurrency: CONCURRENCY,
  hideTable: true,
  // In percent: it fails where one answer is wrong or missing.
  scoreThreshold: 100,
});
