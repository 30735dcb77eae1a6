/** Every workflow a worker hosts. What this file reaches is the workflow bundle: see test/workflows/bundle.test.ts. */
export { evaluate } from './evaluate.ts';
export { experiment } from './experiment.ts';
export { ingest } from './ingest.ts';
export { monitor } from './monitor.ts';
export { rerun } from './rerun.ts';
export { rollout } from './rollout.ts';
export { runPipeline } from './run-pipeline.ts';
export { sweep } from './sweep.ts';
