/** One of the benchmark's workers: a whole one, as `sluice worker` is. It says how much memory it has after collecting. */
import { readConfig } from '../src/config/config.ts';
import { connectRuntime } from '../src/host/runtime.ts';
import { implementFive } from './support/five-evaluation.ts';

export interface Memory {
  readonly heapMb: number;
  readonly rssMb: number;
  /** Of the process, since it began. */
  readonly cpuMs: number;
}

const [folder, callsFile] = process.argv.slice(2);
if (process.send !== undefined && callsFile !== undefined) {
  const runtime = await connectRuntime({
    folder: folder!,
    config: readConfig(process.env),
    implementations: () => implementFive(callsFile),
  });
  process.on('message', () => {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    process.send?.({ heapMb: heapUsed / 1e6, rssMb: rss / 1e6, cpuMs: (user + system) / 1_000 } satisfies Memory);
  });
  process.once('disconnect', () => process.exit(0));
  process.send('ready');
  await runtime.worker!.ended;
}
