/** Every workflow a worker hosts. What this file reaches is the workflow bundle: see test/workflows/bundle.test.ts. */

export { monitor, rerun, sweep } from './background.ts';
export { evaluate } from './evaluate.ts';
export { experiment, rollout } from './experiment.ts';
export { ingest } from './ingest.ts';
export { runPipeline } from './run-pipeline.ts';
