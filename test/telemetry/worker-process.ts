/** A worker in a process of its own; its environment and folder are its starter's. */
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { tracedSteps } from './traced-steps.ts';

process.once('disconnect', () => process.exit(1)); // whoever started it is gone
const { worker } = await connectRuntime({
  ...{ folder: process.argv[2]!, config: readConfig(process.env), implementations: tracedSteps },
});
process.send!('ready');
await worker!.ended;
