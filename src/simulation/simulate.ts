/**
 * Drives a pipeline as its users would, by the same entry points: people who come back ask the questions of a dataset, and
 * rate the answers by its ground truth. Runs are real; people are not, and what they say is marked as simulated.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunClient, Runnable } from '../client/client.ts';
import type { FeedbackClient } from '../client/feedback-client.ts';
import type { RunResult } from '../client/run-result.ts';
import type { Example } from '../model/dataset.ts';
import {
  feedbackOf,
  plannedRequest,
  type SimulatedFeedback,
  type SimulationSettings,
  satisfies,
} from './simulated-users.ts';

export interface Simulation {
  readonly client: Pick<RunClient, 'ask'> & FeedbackClient;
  readonly pipeline: Runnable;
  /** At least one. */
  readonly examples: readonly Example[];
  readonly settings: SimulationSettings;
  /** Ends it: what is under way is finished, and nothing more is begun. */
  readonly signal?: AbortSignal;
  /** Called after each request. */
  readonly onProgress?: (progress: SimulationResult) => void;
}

export interface SimulationResult {
  readonly asked: number;
  readonly failed: number;
  readonly satisfied: number;
  readonly up: number;
  readonly down: number;
  readonly late: number;
  readonly twice: number;
  /** Runs by experiment and arm: `rerank-v2:wide`. */
  readonly arms: { readonly [arm: string]: { readonly runs: number; readonly up: number; readonly down: number } };
}

export async function simulate({ client, pipeline, examples, settings, signal, onProgress }: Simulation) {
  const tally = createTally();
  const late: Promise<void>[] = [];
  let next = 0;

  const say = async ({ runId }: RunResult, no: number, { thumb, isTwice }: SimulatedFeedback): Promise<void> => {
    // A duplicate delivery uses the same key, which identifies it.
    for (let delivery = 0; delivery < (isTwice ? 2 : 1); delivery += 1)
      await client.feedback(runId, { thumb }, { key: `simulated-${no}`, isSimulated: true });
  };
  const one = async (no: number): Promise<void> => {
    const { unit, example } = plannedRequest(settings, no, examples.length);
    const asked = examples[example]!;
    const run = await client.ask(pipeline, asked.input, { unit });
    const isSatisfied = satisfies(asked, run.output, settings.looksAt);
    const feedback = feedbackOf(settings, no, isSatisfied);
    tally.add(run, isSatisfied, feedback);
    if (feedback !== null && feedback.afterMs > 0)
      late.push(
        delay(feedback.afterMs, undefined, { signal: signal ?? undefined }).then(
          () => say(run, no, feedback),
          () => undefined,
        ),
      );
    else if (feedback !== null) await say(run, no, feedback);
    onProgress?.(tally.result());
  };
  const lane = async (): Promise<void> => {
    while (next < settings.requests && !signal?.aborted) await one(next++);
  };

  await Promise.all(Array.from({ length: settings.concurrency }, lane));
  await Promise.all(late);
  return tally.result();
}

const NOTHING = { asked: 0, failed: 0, satisfied: 0, up: 0, down: 0, late: 0, twice: 0 };

function createTally() {
  const sums = { ...NOTHING };
  const arms = new Map<string, { runs: number; up: number; down: number }>();
  return {
    add({ outcome, arms: given }: RunResult, isSatisfied: boolean | null, feedback: SimulatedFeedback | null): void {
      const counts = { up: Number(feedback?.thumb === 'up'), down: Number(feedback?.thumb === 'down') };
      sums.asked += 1;
      sums.failed += Number(outcome === 'failed');
      sums.satisfied += Number(isSatisfied === true);
      sums.up += counts.up;
      sums.down += counts.down;
      sums.late += Number((feedback?.afterMs ?? 0) > 0);
      sums.twice += Number(feedback?.isTwice === true);
      for (const [experiment, arm] of Object.entries(given)) {
        const known = arms.get(`${experiment}:${arm}`) ?? { runs: 0, up: 0, down: 0 };
        arms.set(`${experiment}:${arm}`, {
          runs: known.runs + 1,
          up: known.up + counts.up,
          down: known.down + counts.down,
        });
      }
    },
    result: (): SimulationResult => Object.freeze({ ...sums, arms: Object.fromEntries([...arms].sort()) }),
  };
}
