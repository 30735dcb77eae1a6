/**
 * Records the histories in this folder: plays every scenario against a real server and writes what it left, in the form
 * that Temporal's own tools export. Give it again whenever a scenario is added; a recorded history is never changed to
 * make a test pass, since it stands for the executions that users have under way.
 *
 *     node test/histories/record.ts [name ...]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { readConfig } from '../../src/config/config.ts';
import { startRuntime } from '../../src/host/runtime.ts';
import { eventsOf } from '../chaos/histories.ts';
import { startReceiver } from './monitors.ts';
import { historiesFolder } from './replay.ts';
import { SCENARIOS, type Stage } from './scenarios.ts';
import { historySteps } from './steps.ts';

const asked = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'sluice-histories-'));
const receiver = await startReceiver();
const environment = {
  SLUICE_ALERT_WEBHOOK: receiver.url,
  SLUICE_ALERT_SECRET: 'twenty-four-characters-or-more',
  SLUICE_CACHE: process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice/cache'),
  SLUICE_SHUTDOWN_GRACE_MS: '500',
  ...(process.env.SLUICE_TEMPORAL_CLI && { SLUICE_TEMPORAL_CLI: process.env.SLUICE_TEMPORAL_CLI }),
};
const config = readConfig(environment);
const runtime = await startRuntime({ folder, config, implementations: historySteps });
try {
  const temporal = new Client({ connection: runtime.connection, namespace: runtime.temporal.namespace });
  const stage: Stage = { runtime, temporal, config, folder };
  for (const [name, { play, ends }] of Object.entries(SCENARIOS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const history = await temporal.workflow.getHandle(...(await play(stage))).fetchHistory();
    const last = eventsOf(history).at(-1)!;
    if (!(ends in last) || !Reflect.get(last, ends)) throw new Error(`'${name}' did not end in ${ends}`);
    // Stack traces name files by where this checkout lies, which is nobody's business.
    const text = JSON.stringify(JSON.parse(historyToJSON(history))).replaceAll(`${process.cwd()}/`, '');
    await writeFile(join(historiesFolder, `${name}.json`), `${text}\n`);
    process.stdout.write(`${name}: ${eventsOf(history).length} events, ${text.length} bytes\n`);
  }
} finally {
  await runtime.stop();
  receiver.close();
  await rm(folder, { recursive: true });
}
