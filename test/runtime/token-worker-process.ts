/** A worker in a process of its own, whose steps write in tokens; its environment and folder are its starter's. */
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { tokenSteps } from './token-steps.ts';

process.once('disconnect', () => process.exit(1)); // whoever started it is gone
const { worker } = await connectRuntime({
  folder: process.argv[2]!,
  config: readConfig(process.env),
  implementations: tokenSteps(),
});
process.send!('ready');
await worker!.ended;
