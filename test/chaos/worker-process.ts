/**
 * A worker process: what `sluice worker` is, with the chaos steps. It loads its code, waits to be told to begin, and says
 * when it polls; it ends by SIGTERM, or is killed.
 */
import { once } from 'node:events';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { chaosSteps, type StepSettings } from './steps.ts';

const settings = JSON.parse(process.argv[2]!) as StepSettings;
const config = readConfig(process.env);
process.once('disconnect', () => process.exit(1)); // whoever started it is gone
process.send!('loaded');
await once(process, 'message');
const runtime = await connectRuntime({
  folder: settings.ledger,
  config,
  implementations: () => chaosSteps(settings),
});
process.once('SIGTERM', async () => {
  await runtime.stop();
  process.exit(0);
});
process.send!('ready');
await runtime.worker!.ended;
