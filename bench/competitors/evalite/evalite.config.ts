import { defineConfig } from 'evalite/config';
import { createInMemoryStorage } from 'evalite/in-memory-storage';
import { CONCURRENCY } from '../pipeline.ts';

export default defineConfig({
  // Faster than its SQLite; what it found is written to a file in the end.
  storage: () => createInMemoryStorage(),
  maxConcurrency: CONCURRENCY,
  hideTable: true,
  // In percent: it fails where one answer is wrong or missing.
  scoreThreshold: 100,
});
