/**
 * The API in a process of its own: what `sluice serve` is beside servers that run. It loads its code, waits to be told to
 * begin, and says when it listens; it ends by SIGTERM as that command does, or is killed.
 */
import { once } from 'node:events';
import { serveApi } from '../../src/api/serve.ts';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { servedChain } from './pipelines.ts';

export interface ApiSettings {
  readonly folder: string;
}

const { folder } = JSON.parse(process.argv[2]!) as ApiSettings;
const config = readConfig(process.env);
process.once('disconnect', () => process.exit(1)); // whoever started it is gone
process.send!('loaded');
await once(process, 'message');
const runtime = await connectRuntime({ folder, config });
const api = await serveApi({
  ...{ runtime, pipelines: new Map([[servedChain.id, servedChain]]), http: config.http, version: 'chaos' },
  log: (entry) => {
    if (entry.status === 500) process.stderr.write(`${JSON.stringify(entry)}\n`);
  },
});
process.once('SIGTERM', async () => {
  await api.close(config.shutdownGraceMs);
  await runtime.stop();
  process.exit(0);
});
process.send!('ready');
