/**
 * Whether providers see more than `SLUICE_LIMITS` allows of whole runs: 32 runs of the documentation bot at a time, on two
 * worker processes and real Temporal, over 75 seconds. The stand-in of the providers counts what came in any 60 of them.
 *
 * npm run bench:rate-limit-runs [-- --smoke]
 */
import { docsBot } from '../../pipelines/docs-bot.ts';
import { MODELS } from '../../test/faults/hurried-bot.ts';
import { withOwnStage } from '../../test/faults/own-stage.ts';
import { ingestDocuments, type Stage, sayYes } from '../../test/faults/stage.ts';
import { type Figure, report } from '../support/report.ts';

const smoke = process.argv.includes('--smoke');
const [SECONDS, WINDOW_SECONDS] = smoke ? [4, 2] : [75, 60];
const [WORKERS, RUNS] = [2, smoke ? 8 : 32];
const PER_MINUTE = { openai: 300, cohere: 200 } as const;
const SLUICE_LIMITS = Object.entries(PER_MINUTE)
  .map(([provider, rpm]) => `${provider}/*:rpm=${rpm}`)
  .join(';');
/** Of the limit. */
const ALLOWED = 1.05;

/** With the models that the stand-in has its replies for. */
const bot = docsBot.variant('measured', (edit) =>
  edit.configure('enhance', { model: MODELS.enhance }).configure('check', { model: MODELS.check }),
);

await withOwnStage(async (stage) => {
  const indexer = await stage.startWorker();
  await ingestDocuments(stage);
  await indexer.kill();
  await stage.standIn.reset();
  await sayYes(stage.standIn);
  for (let worker = 0; worker < WORKERS; worker += 1) await stage.startWorker({ SLUICE_LIMITS });

  const endsAt = performance.now() + SECONDS * 1_000;
  const outcomes: string[] = [];
  const ask = async (caller: number) => {
    for (let asked = 0; performance.now() < endsAt; asked += 1) {
      const question = `Within how many days of the return of the goods is a refund paid (${caller}, ${asked})?`;
      const run = await stage.runtime.client.run(bot, { question });
      outcomes.push(run.outcome);
    }
  };
  await Promise.all(Array.from({ length: RUNS }, (_, caller) => ask(caller)));
  const figures = await figuresOf(stage, outcomes);
  process.exitCode = report(`${RUNS} runs at a time, ${WORKERS} workers`, figures) || smoke ? 0 : 1;
});

async function figuresOf({ standIn }: Stage, outcomes: readonly string[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const provider of ['openai', 'cohere'] as const) {
    const at = (await standIn.requests({ route: `${provider}/*` })).map(({ atMs }) => atMs);
    const within = (start: number) =>
      at.filter((each) => each >= start && each < start + WINDOW_SECONDS * 1_000).length;
    const limit = (PER_MINUTE[provider] * WINDOW_SECONDS) / 60;
    figures.push({
      what: `${provider}: most requests in any ${WINDOW_SECONDS} s, of ${limit} allowed`,
      value: Math.max(...at.map(within)),
      unit: 'requests',
      asked: { atMost: limit * ALLOWED },
    });
  }
  const completed = outcomes.filter((outcome) => outcome === 'completed').length;
  figures.push(
    { what: 'runs', value: outcomes.length, unit: 'runs' },
    {
      what: 'that did not complete as intended',
      value: outcomes.length - completed,
      unit: 'runs',
      asked: { atMost: 0 },
    },
  );
  return figures;
}
