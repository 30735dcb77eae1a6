/**
 * What is paid again after a kill -9 between rerank and generate: by Sluice, where another worker goes on, and by a script
 * of the same steps in one process, which begins again. Calls are counted by the provider (a stand-in).
 *
 * npm run bench:resume
 */

import { withOwnStage } from '../../test/faults/own-stage.ts';
import { killScript, killWorker, type Resumed } from '../../test/faults/resume.ts';
import { ingestDocuments, sayYes } from '../../test/faults/stage.ts';
import { report } from '../support/report.ts';

const ROUNDS = process.argv.includes('--smoke') ? 1 : 5;

const sum = (kills: readonly Resumed[], part: (kill: Resumed) => number) =>
  kills.reduce((total, kill) => total + part(kill), 0);
const mean = (kills: readonly Resumed[]) => sum(kills, ({ seconds }) => seconds) / kills.length;

await withOwnStage(async (stage) => {
  let worker = await stage.startWorker();
  await ingestDocuments(stage);
  await sayYes(stage.standIn);
  const workers: (Resumed & { readonly problems: number })[] = [];
  const scripts: Resumed[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { account, successor, ...killed } = await killWorker(stage, worker);
    workers.push({ ...killed, problems: account.problems.length });
    scripts.push(await killScript(stage));
    worker = successor;
  }
  const before = sum(workers, (kill) => kill.before);
  const met = report(`kill -9 while the draft is being written, ${ROUNDS} ${ROUNDS === 1 ? 'time' : 'times'}`, [
    { what: 'calls that were answered before the kill', value: before, unit: 'calls', asked: { atLeast: 3 * ROUNDS } },
    {
      what: 'of these, made and paid again: Sluice',
      value: sum(workers, (kill) => kill.repeated),
      unit: 'calls',
      asked: { atMost: 0 },
    },
    {
      what: 'of these, made and paid again: the same steps in one process',
      value: sum(scripts, (kill) => kill.repeated),
      unit: `of ${sum(scripts, (kill) => kill.before)}`,
      asked: { atLeast: sum(scripts, (kill) => kill.before) },
    },
    {
      what: 'calls under way at the kill, made again: Sluice',
      value: sum(workers, (kill) => kill.inFlightAgain),
      unit: 'calls',
      asked: { atMost: ROUNDS },
    },
    {
      what: 'runs whose record of calls and cost differs from the provider’s',
      value: workers.filter(({ problems }) => problems > 0).length,
      unit: 'runs',
      asked: { atMost: 0 },
    },
    { what: 'from the kill to the answer, start of the next worker included: Sluice', value: mean(workers), unit: 's' },
    { what: 'from the kill to the answer: the script, started again', value: mean(scripts), unit: 's' },
  ]);
  process.exitCode = met ? 0 : 1;
});
