/** Every workflow a worker hosts. What this file reaches is the workflow bundle: see test/workflows/bundle.test.ts. */
export { evaluate } from './evaluate.ts';
export { ingest } from './ingest.ts';
export { runPipeline } from './run-pipeline.ts';
export { sweep } from './sweep.ts';
