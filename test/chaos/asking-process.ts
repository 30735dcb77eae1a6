/**
 * A process that asks all the time, as a web server would: what is served to one unit after another, and now and then a run
 * of it. It says what it got when it is told to stop.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { isOfVariant, split } from './split-steps.ts';

export interface AskingSettings {
  readonly folder: string;
  readonly pipeline: string;
  /** Of the pipeline's steps. */
  readonly ms: number;
  /** Of its units' names, so that two such processes ask for different ones. */
  readonly name: string;
}

export interface Decision {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly isVariant: boolean;
}

export interface Said {
  readonly decisions: readonly Decision[];
  readonly runs: number;
  /** Runs that the client would not start. */
  readonly refused: number;
}

const EVERY_MS = 10;
/** Of so many that are decided, one is run. */
const RUN_EVERY = 50;

const { folder, pipeline: id, ms, name } = JSON.parse(process.argv[2]!) as AskingSettings;
process.once('disconnect', () => process.exit(1)); // whoever started it is gone
const { client } = await connectRuntime({ folder, config: readConfig(process.env) });
const pipeline = split(id, ms);
const decisions: Decision[] = [];
const counts = { runs: 0, refused: 0 };
let isOver = false;
void once(process, 'message').then(() => {
  isOver = true;
});
process.send!('ready');
for (let n = 0; !isOver; n += 1) {
  const input = { n, breaks: false, goesOn: true };
  const served = await client.serve(pipeline, input, { unit: `${name}-${n % 1_000}` });
  decisions.push({ at: Date.now(), isVariant: isOfVariant(served.plan) });
  if (n % RUN_EVERY === 0) {
    counts.runs += 1;
    void client
      .start(served, input)
      .then(({ finished }) => finished)
      .catch(() => {
        counts.refused += 1;
      });
  }
  await delay(EVERY_MS);
}
process.send!({ decisions, ...counts } satisfies Said, () => process.exit(0));
