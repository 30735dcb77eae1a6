/**
 * How fast recorded histories are replayed, the start of the worker excluded: what the replay gate costs each commit, and
 * what a worker pays for each run that it takes over from another.
 *
 * npm run bench:replay [-- --smoke]
 */
import { workflowBundle } from '../src/worker/bundle.ts';
import { eventsOf } from '../test/chaos/histories.ts';
import { readHistories, replay } from '../test/histories/replay.ts';
import { ownCpuMs } from './support/cpu.ts';
import { report } from './support/report.ts';

const smoke = process.argv.includes('--smoke');
const ROUNDS = smoke ? 1 : 5;

const bundle = await workflowBundle(process.env.SLUICE_CACHE ?? '.sluice/cache');
const recorded = await readHistories();
const events = recorded.reduce((sum, { history }) => sum + eventsOf(history).length, 0);
let seconds = 0;
const startedCpuMs = ownCpuMs();
for (let round = 0; round < ROUNDS; round++) {
  const result = await replay(bundle, recorded);
  const broken = result.replayed.find(({ error }) => error);
  if (broken) throw new Error(`'${broken.name}' does not replay: ${broken.error?.message}`);
  seconds += result.seconds;
}
const histories = ROUNDS * recorded.length;
const met = report(`replay of ${recorded.length} histories, ${events} events, ${ROUNDS} rounds`, [
  { what: 'histories per second', value: histories / seconds, unit: '/s', asked: { atLeast: 20 } },
  { what: 'events per second', value: (ROUNDS * events) / seconds, unit: '/s' },
  { what: 'CPU per history, starts of workers included', value: (ownCpuMs() - startedCpuMs) / histories, unit: 'ms' },
]);
// In short, that all replay counts, not how fast: the machine may be busy with more.
process.exitCode = met || smoke ? 0 : 1;
